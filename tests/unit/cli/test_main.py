"""The console script: one sentence for an error; of services nobody named, how to have them."""

import os
from pathlib import Path

import pytest

from backbone.errors import BackboneError, Misconfigured, Transient
from cli import main

AWAY = Transient("Kafka did not answer at 127.0.0.1:9092")
HINT = "endpoints.json: `backbone stack up` writes it where it is called"


def said(
    error: BackboneError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    def fail() -> None:
        raise error

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    return capsys.readouterr().err


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*os.environ]:
        if name.startswith("BACKBONE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BACKBONE_KAFKA_CONFIG", "{}")  # it names no address
    monkeypatch.setenv("BACKBONE_STATE_DIR", str(tmp_path))


def test_a_service_that_is_away_is_told_with_how_to_have_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(AWAY, monkeypatch, capsys)

    assert told.startswith("backbone: Kafka did not answer at 127.0.0.1:9092; ")
    assert (HINT in told, told.count("\n")) == (True, 1)


def test_of_services_that_are_named_nothing_is_said_beside_the_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("BACKBONE_KAFKA_BOOTSTRAP", "kafka:9092")
    assert said(AWAY, monkeypatch, capsys) == f"backbone: {AWAY}\n"
    monkeypatch.delenv("BACKBONE_KAFKA_BOOTSTRAP")
    (tmp_path / "endpoints.json").write_text("{}")
    assert said(AWAY, monkeypatch, capsys) == f"backbone: {AWAY}\n"


def test_of_another_error_nothing_is_said_beside_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = Misconfigured("the topic dlq.nobody does not exist")

    assert said(error, monkeypatch, capsys) == f"backbone: {error}\n"
