"""Which services tests use, and what `docker` is asked for: a program that only notes it."""

import os
from pathlib import Path

import pytest

from tests import containers
from tests.containers import ContainersError, wanted

PORTS = {"kafka": 1, "registry": 2, "redis": 3, "postgres": 4, "clickhouse": 5}
NOTES_IT = """#!/bin/sh
echo "$*" >> {log}
for word in "$@"; do [ "$word" = "{fails}" ] && {{ echo "no space left" >&2; exit 1; }}; done
exit 0
"""


@pytest.mark.parametrize(
    ("environment", "missing", "answer"),
    [
        ({}, None, True),
        ({}, "no Docker engine answers", False),
        ({"TEST_SERVICES": "auto"}, None, True),
        ({"TEST_SERVICES": "embedded"}, None, False),
        ({"TEST_SERVICES": "containers"}, None, True),
    ],
)
def test_containers_are_used_where_they_can_be(
    environment: dict[str, str],
    missing: str | None,
    answer: bool,
) -> None:
    assert wanted(environment, lambda: missing) is answer


def test_the_embedded_stack_asks_no_engine() -> None:
    def ask() -> str | None:
        raise AssertionError("nobody needs to know")

    assert not wanted({"TEST_SERVICES": "embedded"}, ask)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("containers", "no Docker engine answers; mend that, or set TEST_SERVICES=embedded"),
        ("docker", "TEST_SERVICES is 'docker': it may be auto, containers, embedded"),
    ],
)
def test_what_cannot_be_had_is_told(choice: str, message: str) -> None:
    with pytest.raises(ContainersError) as raised:
        wanted({"TEST_SERVICES": choice}, lambda: "no Docker engine answers")

    assert str(raised.value) == message


def docker(folder: Path, fails: str = "") -> str:
    program = folder / "docker"
    program.write_text(NOTES_IT.format(log=folder / "log", fails=fails))
    program.chmod(0o755)
    return str(program)


def asked(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


@pytest.mark.parametrize(
    ("fails", "missing"),
    [("", None), ("compose", "compose version` fails"), ("--format", "no Docker engine answers")],
)
def test_the_engine_and_its_compose_command_are_asked_for(
    tmp_path: Path, fails: str, missing: str | None
) -> None:
    found = containers.what_is_missing(docker(tmp_path, fails))

    assert found == missing or str(found).endswith(str(missing))


def test_no_docker_at_all_is_an_answer(tmp_path: Path) -> None:
    assert containers.what_is_missing(str(tmp_path / "docker")) is not None


def test_the_services_are_started_from_the_compose_file_and_removed(tmp_path: Path) -> None:
    with containers.running(tmp_path, docker(tmp_path)) as found:
        started = asked(tmp_path)
    file = tmp_path / "compose.env"
    values = dict(line.split("=") for line in file.read_text().split())

    compose = f"compose -f docker-compose.yml --env-file {file}"
    assert started == [f"{compose} up --wait kafka registry redis postgres clickhouse"]
    assert asked(tmp_path)[1:] == [f"{compose} down --volumes"]
    assert values["COMPOSE_PROJECT_NAME"].startswith("backbone-test-")
    assert found.kafka_bootstrap == f"127.0.0.1:{values['KAFKA_PORT']}"
    assert found.registry_url == f"http://127.0.0.1:{values['REGISTRY_PORT']}/apis/ccompat/v7"


def test_a_start_that_fails_tells_why_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(ContainersError, match="TEST_SERVICES=embedded:\nno space left"),
        containers.running(tmp_path, docker(tmp_path, fails="up")),
    ):
        pass

    assert [line.split()[5] for line in asked(tmp_path)] == ["up", "down"]


def test_two_runs_never_share_a_project(tmp_path: Path) -> None:
    names = set()
    for _ in range(2):
        with containers.running(tmp_path, docker(tmp_path)):
            names.add((tmp_path / "compose.env").read_text().splitlines()[0])

    assert len(names) == 2


def test_every_service_answers_where_its_port_says() -> None:
    found = containers.endpoints(PORTS)

    assert found.redis_url == "redis://127.0.0.1:3/0"
    assert found.postgres_dsn == "postgresql://postgres@127.0.0.1:4/postgres"
    assert found.clickhouse_url == "http://127.0.0.1:5/backbone"
    assert "COMPOSE_PROJECT_NAME=p\nKAFKA_PORT=1\n" in containers.settings("p", PORTS)


def test_the_setting_is_none_of_the_backbones_own() -> None:
    """An unknown name with the backbone's prefix would stop every process under test."""
    assert not containers.SETTING.startswith("BACKBONE_")
    assert os.environ.get(containers.SETTING, "auto") in containers.CHOICES
