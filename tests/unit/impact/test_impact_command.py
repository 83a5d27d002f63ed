import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backbone.impact.changelog import Changelog, markdown
from backbone.impact.changes import changes
from backbone.registry.memory import MemoryRegistry
from backbone.settings import Settings
from cli import contract_changes
from cli.contracts import app
from tests.unit.impact.things import FACT, field, thing, write

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`backbone contracts …` with the contracts of `new`, the readers of `readers`."""
    registry = MemoryRegistry()
    settings = Settings(readers_dir=tmp_path / "readers")
    monkeypatch.setattr(contract_changes, "contracts_dir", lambda: tmp_path / "new")
    monkeypatch.setattr(contract_changes, "settings", lambda: settings)
    monkeypatch.setattr(contract_changes, "registry", lambda: registry)
    write(thing(field("count", default=0)), tmp_path / "old")
    first = thing(field("count", "string", default=""))
    registry.require_full_transitive(first.subject)
    registry.register(first.subject, first.text)
    return lambda *arguments: CliRunner().invoke(
        app, [*arguments, "--against", str(tmp_path / "old"), "--output", "json"]
    )


def partner(folder: Path) -> None:
    (folder / "readers").mkdir()
    (folder / "readers" / "partner.yaml").write_text(
        f"name: partner\nteam: t\ncontact: c\nfacts: {{{FACT}: [count]}}"
    )


def lines(result: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_nothing_changed_is_said_and_exits_with_0(run: Run, tmp_path: Path) -> None:
    write(thing(field("count", default=0)), tmp_path / "new")
    result = run("impact")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no contract has changed" in result.stderr


def test_what_breaks_exits_with_1_and_names_the_registered_reader(run: Run, tmp_path: Path) -> None:
    partner(tmp_path)
    write(thing(), tmp_path / "new")
    result = run("impact")
    assert result.exit_code == 1
    told = [(each["verdict"], each["field"], each["who"]) for each in lines(result)]
    assert ("breaks", "count", "partner (topic)") in told
    assert ("harms", "count", "warehouse test_thing_happened.count") in told


def test_what_only_harms_exits_with_1_when_strict(run: Run, tmp_path: Path) -> None:
    write(thing(field("count", default=0, **{"confluent:tags": ["PII"]})), tmp_path / "new")
    assert run("impact").exit_code == 0
    assert run("impact", "--strict").exit_code == 1


def test_the_registry_is_asked_and_its_versions_count(run: Run, tmp_path: Path) -> None:
    write(thing(field("count", default=1)), tmp_path / "new")
    assert {each["rule"] for each in lines(run("impact"))} == {"allows"}
    found = lines(run("impact", "--against-registry"))
    assert ("refuses", "1") in [(each["rule"], each["against"]) for each in found]


def test_a_contract_that_nobody_can_run_with_breaks_ours(run: Run, tmp_path: Path) -> None:
    write(thing(field("count", default="none")), tmp_path / "new")
    found = lines(run("impact"))
    assert [(each["verdict"], each["field"]) for each in found if "unsound" in each["change"]] == [
        ("breaks", "count")
    ]


def test_diff_tells_each_change_with_before_and_after(run: Run, tmp_path: Path) -> None:
    write(thing(field("count", "long", default=0), owner="them"), tmp_path / "new")
    told = [
        (each["field"], each["change"], each["before"], each["after"])
        for each in lines(run("diff"))
    ]
    assert told == [
        ("", "owner changed", "owner us", "owner them"),
        ("count", "type widened", "int", "long"),
    ]


def test_the_changelog_as_a_page() -> None:
    old, new = thing(field("count", default=0)), thing(field("count", "long", default=1))
    page = markdown(
        [
            Changelog(FACT, "a", "changed", changes(old.schema, new.schema)),
            Changelog("test.Other", "other.v1.avsc", "new", ()),
        ]
    )
    assert page == (
        "## test.ThingHappened\n\n- `count`: type widened: int → long\n"
        "- `count`: default changed: 0 → 1\n\n"
        "## test.Other\n\n- fact added (`other.v1.avsc`)\n\n"
    )
