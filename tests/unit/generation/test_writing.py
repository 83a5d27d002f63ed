"""What is stale is named; what belongs to nothing goes; somebody else's folder is left alone."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backbone.errors import Misconfigured
from backbone.generation.catalog import ARTEFACTS
from backbone.generation.writing import checked_in, stale, write
from tests.unit.generation.estates import own

FILES = {"README.md": "Ours.", "a.json": "1", "b/c.sql": "2"}


def test_what_is_written_is_current(tmp_path: Path) -> None:
    assert write(FILES, tmp_path / "new") == ["README.md", "a.json", "b/c.sql"]
    assert stale(FILES, tmp_path / "new") == []
    assert write(FILES, tmp_path / "new") == []


def test_a_change_a_loss_and_a_left_over_are_stale(tmp_path: Path) -> None:
    write(FILES, tmp_path)
    (tmp_path / "a.json").write_text("changed by hand")
    (tmp_path / "b" / "c.sql").unlink()
    (tmp_path / "b" / "old.sql").write_text("of a contract that is gone")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_text("Python's own")

    assert stale(FILES, tmp_path) == ["a.json", "b/c.sql", "b/old.sql"]
    write(FILES, tmp_path)
    assert stale(FILES, tmp_path) == []


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.md").write_text("years of work")

    with pytest.raises(Misconfigured, match="name an empty folder"):
        write(FILES, tmp_path)
    assert (tmp_path / "thesis.md").read_text() == "years of work"


def test_what_is_checked_in_is_the_same_for_every_deployment() -> None:
    here = own()
    deployment = replace(
        here.deployment, app="x", kafka="x", registry="x", redis="x", clickhouse="x:1"
    )
    there = replace(here, deployment=replace(deployment, at=datetime(2030, 1, 1, tzinfo=UTC)))

    assert checked_in(here) == checked_in(there)


@pytest.mark.parametrize("name", ARTEFACTS)
def test_the_order_of_the_contracts_does_not_matter(name: str) -> None:
    here = own()
    turned = type(here.contracts)(dict(list(here.contracts.items())[::-1]))

    assert ARTEFACTS[name].make(here) == ARTEFACTS[name].make(replace(here, contracts=turned))
