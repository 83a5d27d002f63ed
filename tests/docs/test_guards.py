"""The table of guards, held to the code: `make guards` shows what it says."""

import ast
import re
from pathlib import Path

import pytest

from tests.guards.catalog import GUARDS
from tests.guards.guard import Guard

ROOT = Path(__file__).resolve().parents[2]
each_guard = pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)


@each_guard
def test_what_switches_a_guard_off_is_there_once(guard: Guard) -> None:
    text = (ROOT / guard.file).read_text()
    assert guard.switched_off(text) != text


@each_guard
def test_the_test_named_for_a_guard_exists(guard: Guard) -> None:
    file, name = guard.test.split("::")
    tree = ast.parse((ROOT / file).read_text())
    functions = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
    assert name.partition("[")[0] in functions


def test_every_guard_has_its_row_in_the_page() -> None:
    page = (ROOT / "docs" / "guards.md").read_text()
    rows = dict(re.findall(r"^\| (.+?) \|.*\| `(\S+)` \|$", page, re.MULTILINE))
    assert rows == {guard.name: guard.test.partition("[")[0] for guard in GUARDS}
