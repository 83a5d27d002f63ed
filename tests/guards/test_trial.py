"""The trial itself, on a tree of two files: what it calls caught, and what it does not."""

from pathlib import Path

import pytest

from tests.guards.guard import Guard, Moved
from tests.guards.trial import CAUGHT, NO_TRIAL, SURVIVED, Verdict, unfit, whole, without

GUARDED = """
def checked(number):
    if number < 0:
        raise ValueError("negative")
    return number
"""
TESTS = """
import pytest
from guarded import checked

def test_negative_numbers_are_refused():
    with pytest.raises(ValueError):
        checked(-1)

def test_other_numbers_are_given_back():
    assert checked(1) == 1

def test_that_fails_anyway():
    assert checked(1) == 2

def test_that_looks_at_nothing():
    pass
"""
FILE = "guarded.py"
OFF = (("if number < 0:", "if False:"),)
REFUSED = "test_it.py::test_negative_numbers_are_refused"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """With our plugin, as every copy has it."""
    made = tmp_path / "tree"
    plugins = made / "tests" / "guards"
    plugins.mkdir(parents=True)
    witness = Path(__file__).with_name("witness.py")
    (plugins / "witness.py").write_text(witness.read_text())
    (made / "pytest.ini").write_text("[pytest]\n")
    (made / FILE).write_text(GUARDED)
    (made / "test_it.py").write_text(TESTS)
    return made


def guard(
    off: tuple[tuple[str, str], ...] = OFF, test: str = REFUSED, fails_with: str = "Failed"
) -> Guard:
    return Guard("negative", "numbers", FILE, off, test, fails_with)


def of(verdict: Verdict) -> tuple[str, str]:
    return verdict.verdict, verdict.why


def test_a_guard_whose_removal_its_test_sees_is_caught(tree: Path) -> None:
    assert unfit(guard(), whole(tree, [guard()])) == ""
    assert of(without(tree, guard())) == (CAUGHT, "DID NOT RAISE ValueError")
    assert (tree / FILE).read_text() == GUARDED


def test_a_guard_whose_removal_nobody_sees_survives(tree: Path) -> None:
    blind = guard(test="test_it.py::test_other_numbers_are_given_back")
    assert of(without(tree, blind)) == (SURVIVED, "the test passes without the guard")


@pytest.mark.parametrize(
    ("off", "test", "why"),
    [
        ((("if number < 1:", ""),), REFUSED, "the guard moved: update the table. guarded.py holds"),
        ((("if number < 0:", "if number <"),), REFUSED, "guarded.py of the copy was not executed"),
        (((' ValueError("negative")', " KeyError(1)"),), REFUSED, "with KeyError (exit code 1)"),
        (OFF, "test_it.py::test_that_is_not_there", "the test did not run: "),
    ],
    ids=["moved", "no python", "another error", "no test"],
)
def test_what_shows_nothing_is_no_trial(
    tree: Path, off: tuple[tuple[str, str], ...], test: str, why: str
) -> None:
    found = without(tree, guard(off, test))
    assert found.verdict == NO_TRIAL
    assert why in found.why


def test_a_test_that_fails_with_the_guard_in_its_place_is_unfit(tree: Path) -> None:
    failing = guard(test="test_it.py::test_that_fails_anyway")
    run = whole(tree, [failing])
    assert "failed with the guard in its place: assert 1 == 2" in unfit(failing, run)


def test_words_that_are_there_twice_are_not_switched_off() -> None:
    with pytest.raises(Moved, match="2 times, once is needed"):
        guard().switched_off(GUARDED * 2)
