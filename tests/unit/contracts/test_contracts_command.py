import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backbone.errors import Misconfigured
from backbone.registry.memory import MemoryRegistry
from backbone.registry.port import Incompatible
from cli import contracts as command
from cli.contracts import Registered, register_all

Write = Callable[..., Path]
SUBJECT = "test.thing.v1-test.ThingHappened"
KEY = {"name": "thing_id", "type": "string", "doc": "Which."}
MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
CURRENCY = {"name": "currency", "type": "string", "doc": "Of the price."}


def _price(scale: int) -> list[Any]:
    price = {"name": "price", "type": {**MONEY, "scale": scale}, "doc": "A price."}
    return [KEY, price, CURRENCY]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`backbone contracts ...` over the directory of `write` and one memory registry."""
    registry = MemoryRegistry()
    monkeypatch.setattr(command, "contracts_dir", lambda: tmp_path)
    monkeypatch.setattr(command, "registry", lambda: registry)
    return lambda *arguments: CliRunner().invoke(command.app, list(arguments))


def test_contracts_are_registered_once_and_unchanged_afterwards(avro: Path) -> None:
    registry = MemoryRegistry()
    first, again = register_all(avro, registry), register_all(avro, registry)
    subject = "pricing.price.v1-shop.pricing.PriceChanged"
    found = {each.subject: each for each in first}
    assert found[subject] == Registered(subject, version=1, id=found[subject].id, state="new")
    assert [each.state for each in first] == ["new"] * 14
    assert [each.state for each in again] == ["unchanged"] * 14


def test_a_new_version_is_registered_beside_the_old_one(write: Write) -> None:
    registry = MemoryRegistry()
    register_all(write(), registry)
    note = {"name": "note", "type": ["null", "string"], "default": None, "doc": "A note."}
    assert register_all(write(fields=[KEY, note]), registry) == [
        Registered(SUBJECT, version=2, id=2, state="new")
    ]


def test_nothing_is_registered_while_something_is_found(write: Write) -> None:
    registry = MemoryRegistry()
    write("thing_ended.v1.avsc", name="ThingEnded")
    directory = write(doc="")
    with pytest.raises(Misconfigured, match=r"thing_happened\.v1\.avsc: O001 no documentation"):
        register_all(directory, registry)
    assert registry.versions("test.thing.v1-test.ThingEnded") == []


def test_a_decimals_changed_scale_is_refused_though_the_registry_takes_it(write: Write) -> None:
    registry = MemoryRegistry()
    register_all(write(fields=_price(4)), registry)
    with pytest.raises(Misconfigured, match="D001 price a decimal's precision or scale changed"):
        register_all(write(fields=_price(2)), registry)


def test_an_incompatible_change_is_refused_before_anything_is_registered(write: Write) -> None:
    registry = MemoryRegistry()
    register_all(write(), registry)
    write("a_ended.v1.avsc", name="AEnded")
    directory = write(fields=[KEY, {"name": "count", "type": "int", "doc": "How many."}])
    with pytest.raises(Incompatible, match="count: missing, and has no default"):
        register_all(directory, registry)
    assert registry.versions("test.thing.v1-test.AEnded") == []


def test_a_deprecated_contract_is_not_registered_after_its_sunset(write: Write) -> None:
    registry = MemoryRegistry()
    directory = write(contract={"status": "deprecated", "sunset": "2020-01-01"})
    with pytest.raises(Misconfigured, match=r"C009 contract\.sunset the last day is past"):
        register_all(directory, registry)
    assert registry.versions(SUBJECT) == []


def test_lint_is_silent_on_stdout_when_all_is_in_order(write: Write, run: Any) -> None:
    write()
    result = run("lint")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "in order" in result.stderr


def test_lint_prints_its_findings_and_fails(write: Write, run: Any) -> None:
    write(doc="")
    result = run("lint", "--output", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "file": "thing_happened.v1.avsc",
        "code": "O001",
        "field": "",
        "what": "no documentation",
        "remedy": "say in `doc` what it means, with its unit",
    }


def test_lint_compares_with_the_registry_when_asked(write: Write, run: Any) -> None:
    write(fields=_price(4))
    assert run("register").exit_code == 0
    write(fields=_price(2))
    assert run("lint").exit_code == 0
    result = run("lint", "--against-registry", "--output", "json")
    assert (result.exit_code, json.loads(result.stdout)["code"]) == (1, "D001")


def test_a_finding_does_not_hide_a_changed_scale(write: Write, run: Any) -> None:
    # Contracts that disagree were once compared with no registered version at all.
    write(fields=_price(4))
    run("register")
    write("thing_ended.v1.avsc", {"partitions": 9}, name="ThingEnded")
    write(fields=_price(2))
    result = run("lint", "--against-registry", "--output", "json")
    codes = [json.loads(line)["code"] for line in result.stdout.splitlines()]
    assert codes == ["C005", "D001"]


def test_register_prints_what_became_of_each_contract(write: Write, run: Any) -> None:
    write()
    result = run("register", "--output", "json")
    assert (result.exit_code, json.loads(result.stdout)) == (
        0,
        {"subject": SUBJECT, "version": 1, "id": 1, "state": "new"},
    )
    assert SUBJECT in run("register").stdout


@pytest.mark.parametrize("name", ["lint", "register"])
def test_the_help_has_an_example(run: Any, name: str) -> None:
    assert f"Example: backbone contracts {name}" in run(name, "--help").stdout


def test_a_code_is_explained_by_its_page(run: Callable[..., Any]) -> None:
    result = run("lint", "--explain", "T001")
    assert result.exit_code == 0
    assert result.output.startswith("# T001: a nullable field does not begin with null")
    assert "**What to do**" in result.output


def test_a_code_that_is_none_is_refused_with_those_there_are(run: Callable[..., Any]) -> None:
    result = run("lint", "--explain", "X999")
    assert result.exit_code == 2
    assert "there is no code X999; there are C001" in " ".join(
        result.output.replace("│", "").split()
    )
