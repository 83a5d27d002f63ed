"""Changes of a contract: what lint, the registry, our rule, impact and three engines say of each.

`table.md` says what is expected; every answer is asked for anew.
"""

from pathlib import Path

import pytest

from backbone.registry.confluent import ConfluentRegistry
from cli.stack.stack import Endpoints
from tests.contracts_changes.change_case import ChangeCase, every_case
from tests.contracts_changes.verdicts import (
    NONE,
    Verdicts,
    decoded,
    disagree,
    expected,
    judged,
    linted,
    registered,
    ruled,
)

TABLE = expected()
CASES = every_case()
LEAST = 80


def of(case: ChangeCase) -> Verdicts:
    return TABLE[case.name]


def test_every_case_has_its_row_and_there_are_enough() -> None:
    assert [case.name for case in CASES] == list(TABLE)
    assert len(CASES) >= LEAST


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lint_rule_and_impact_say_what_the_table_says(case: ChangeCase, tmp_path: Path) -> None:
    found = (linted(case, tmp_path), ruled(case), *judged(case, tmp_path))
    assert found == (of(case).lint, of(case).rule, of(case).impact, of(case).hits)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_three_engines_read_what_the_table_says(case: ChangeCase, tmp_path: Path) -> None:
    assert decoded(case, tmp_path) == (of(case).fastavro, of(case).avro, of(case).ours)


@pytest.mark.registry
def test_the_registry_itself_says_what_the_table_says(endpoints: Endpoints, unique: str) -> None:
    registry = ConfluentRegistry(endpoints.registry_url)
    said = {case.name: registered(case, registry, unique) for case in CASES}
    registry.close()
    assert said == {name: row.registry for name, row in TABLE.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_disagreement_is_explained_and_nothing_else(case: ChangeCase) -> None:
    assert (of(case).disagreement != NONE) == disagree(of(case))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_a_change_with_payloads_on_both_sides(case: ChangeCase) -> None:
    assert case.old.schema != case.new.schema
    assert case.payloads["old"]
    assert case.payloads["new"]
