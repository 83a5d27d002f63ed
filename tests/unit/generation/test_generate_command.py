"""A change to one contract: forgetting the command fails, one command shows it everywhere."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backbone.generation.catalog import ARTEFACTS
from backbone.settings import REPOSITORY
from cli import wiring
from cli.contracts import app

Run = Callable[..., Any]
CHANGED = "avro/sales/order_cancelled.v1.avsc"
STALE = [
    "clickhouse/sales_order_cancelled.sql",
    "facts/shop/sales/order_cancelled.py",
    "json-schema/shop/sales/order_cancelled.schema.json",
    "subjects/sales.order.v1-shop.sales.OrderCancelled.json",
    "typescript/shop/sales/order_cancelled.ts",
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("avro", "generated"):
        shutil.copytree(
            REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


@pytest.fixture
def generate(copy: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`backbone contracts generate …` over the copy."""
    monkeypatch.setenv("BACKBONE_CONTRACTS_DIR", str(copy / "avro"))
    monkeypatch.setenv("BACKBONE_STATE_DIR", str(copy / "state"))

    def run(*arguments: str) -> Any:
        wiring.settings.cache_clear()
        wiring.contracts.cache_clear()
        return CliRunner().invoke(app, ["generate", *arguments])

    yield run
    wiring.settings.cache_clear()
    wiring.contracts.cache_clear()


def change(contract: Path, alter: Callable[[dict[str, Any]], None]) -> None:
    schema = json.loads(contract.read_text())
    alter(schema)
    contract.write_text(json.dumps(schema))


def add_refund(schema: dict[str, Any]) -> None:
    money = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
    refund = {"name": "refunded_total", "type": ["null", money], "default": None, "doc": "Back."}
    currency = {"name": "currency", "type": ["null", "string"], "default": None, "doc": "Of it."}
    schema["fields"] += [refund, currency]


def add_days(schema: dict[str, Any]) -> None:
    schema["contract"]["retention"] = "40d"


def test_what_is_checked_in_is_current(generate: Run) -> None:
    done = generate("--check")

    assert (done.exit_code, done.stdout) == (0, "")


def test_a_changed_contract_fails_the_check_until_one_command_shows_it_everywhere(
    copy: Path, generate: Run
) -> None:
    out = ("--out", str(copy / "generated"))
    change(copy / CHANGED, add_refund)
    forgotten = generate("--check", *out)
    assert (forgotten.exit_code, forgotten.stdout.splitlines()) == (1, STALE)

    assert generate(*out).exit_code == 0
    assert generate("--check", *out).exit_code == 0
    for path in STALE:
        assert "refunded_total" in (copy / "generated" / path).read_text()
    demanded = [name for name, each in ARTEFACTS.items() if not each.checked_in]
    shown = {name: generate("--for", name).stdout for name in demanded}
    without = {name for name, text in shown.items() if "refunded_total" not in text}
    assert without == {"kafkatopics"}  # which tell of no field


def test_a_changed_retention_shows_in_every_topic(copy: Path, generate: Run) -> None:
    out = ("--out", str(copy / "generated"))
    for name in ("order_placed", "order_cancelled"):
        change(copy / "avro" / "sales" / f"{name}.v1.avsc", add_days)

    assert generate("--check", *out).stdout.splitlines() == ["topics.json"]
    assert generate(*out).exit_code == 0
    assert '"retention.ms": "3456000000"' in (copy / "generated" / "topics.json").read_text()
    for name in ("kafkatopics", "asyncapi"):
        assert "retention.ms: 3456000000" in generate("--for", name).stdout
    assert 'property: "retention"' in generate("--for", "odcs").stdout


def test_a_contract_that_is_gone_leaves_nothing_behind(copy: Path, generate: Run) -> None:
    out = ("--out", str(copy / "generated"))
    (copy / CHANGED).unlink()

    assert set(STALE) < set(generate("--check", *out).stdout.splitlines())
    assert generate(*out).exit_code == 0
    assert [path for path in STALE if (copy / "generated" / path).exists()] == []


def test_one_artefact_is_written_to_a_folder(copy: Path, generate: Run) -> None:
    assert generate("--for", "odcs", "--out", str(copy / "odcs")).exit_code == 0
    assert sorted(each.name for each in (copy / "odcs").iterdir()) == [
        f"{each}.odcs.yaml" for each in sorted(wiring.contracts())
    ]


def test_an_artefact_that_does_not_exist_is_a_usage_error(generate: Run) -> None:
    done = generate("--for", "protobuf")

    assert done.exit_code == 2
    assert "there is no protobuf" in done.stderr
