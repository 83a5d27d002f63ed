"""`backbone stack` without a stack: what it prints."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.stack import catalog, command
from cli.stack.catalog import CATALOG
from cli.stack.stack import Endpoints, Stack

ENDPOINTS = Endpoints(
    *("127.0.0.1:1", "http://127.0.0.1:2", "redis://127.0.0.1:3/0", "postgresql://4"),
    "http://127.0.0.1:5/backbone",
)


def printed(*arguments: str | Path) -> str:
    result = CliRunner().invoke(command.app, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_status_is_one_object_a_line(tmp_path: Path) -> None:
    rows = printed("status", "--state", tmp_path, "--output", "json").splitlines()

    assert [json.loads(row) for row in rows] == [
        {"name": name, "state": "stopped", "address": None, "pid": None} for name in CATALOG
    ]


def test_the_status_is_a_table_for_people(tmp_path: Path) -> None:
    head, *rows = printed("status", "--state", tmp_path).splitlines()

    assert head.split() == ["name", "state", "address", "pid"]
    assert [row.split() for row in rows] == [[name, "stopped"] for name in CATALOG]


def test_the_addresses_are_one_object_or_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stack, "up", lambda _: ENDPOINTS)

    assert json.loads(printed("up", "--state", tmp_path, "--output", "json")) == {
        "kafka_bootstrap": "127.0.0.1:1",
        "registry_url": "http://127.0.0.1:2",
        "redis_url": "redis://127.0.0.1:3/0",
        "postgres_dsn": "postgresql://4",
        "clickhouse_url": "http://127.0.0.1:5/backbone",
    }
    assert printed("up", "--state", tmp_path).splitlines()[1].split() == [
        "kafka_bootstrap",
        "127.0.0.1:1",
    ]


def test_a_service_without_its_extra_is_left_out_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalog, "EXTRAS", {"clickhouse": ("no_such_package", "warehouse")})

    assert catalog.not_installed() == {
        "clickhouse": "clickhouse is left out: install backbone[warehouse] to have it"
    }
