"""Trials: tests run in a copy of the tree, whole or with one guard switched off.

What is imported must be the copy: it stands first on the path of pytest and of every process that a
test starts, and each guard's file leaves a proof when it is executed.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.guards.guard import Guard, Moved

TEST_SECONDS = 120  # some wait 40 s for an error that never comes, on a machine that is quiet
RUN_SECONDS = 600.0  # of a whole pytest run; each test has TEST_SECONDS
_NOT_COPIED = (
    *(".git", ".venv", ".backbone", ".tools", ".*_cache", ".hypothesis"),
    "*.egg-info",
)

CAUGHT, SURVIVED, NO_TRIAL = "caught", "survived", "no trial"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`caught`: the test failed as it should. `survived`: it passed without the guard. `no trial`:
    neither was shown, and `why` says what was in the way."""

    guard: str
    test: str
    verdict: str
    seconds: float
    why: str = ""

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of pytest: its exit code, what became of each test in each phase, which of our files
    were executed, and its last words."""

    code: int
    phases: Sequence[dict[str, Any]]
    executed: frozenset[str]
    seconds: float
    output: str

    def failure(self, test: str) -> dict[str, Any] | None:
        """The first phase of the test that did not pass."""
        return next(
            (each for each in self.of(test) if each["outcome"] != "passed"),
            None,
        )

    def of(self, test: str) -> list[dict[str, Any]]:
        return [each for each in self.phases if each["test"] == test]


class Copy:
    """A copy of the tree, whose files may be changed and whose tests may be run."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.tree = folder / "tree"
        self._proofs = folder / "executed"
        self._proofs.mkdir()
        self._folder = folder
        shutil.copytree(tree, self.tree, ignore=shutil.ignore_patterns(*_NOT_COPIED))

    def watch(self, file: str) -> None:
        """From now on the file tells when it is executed, in whatever process: that the tests ran
        with this copy. A warm server of tests/e2e executes every file, whatever its test does."""
        proof = self._proofs / file.replace("/", "|")
        with (self.tree / file).open("a") as source:
            source.write(f"\n__import__('pathlib').Path({str(proof)!r}).touch()\n")

    def run(self, tests: Sequence[str]) -> Run:
        began, told = time.monotonic(), self._folder / "witness.json"
        options = ["-q", "-p", "tests.guards.witness", "-p", "no:cacheprovider"]
        limits = [f"--timeout={TEST_SECONDS}", f"--witness={told}"]
        running = subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, *limits, *tests],
            cwd=self.tree,
            env=_environment(self.tree),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        output = _output(running)
        return Run(
            code=running.returncode,
            phases=json.loads(told.read_text()) if told.exists() else [],
            executed=frozenset(each.name.replace("|", "/") for each in self._proofs.iterdir()),
            seconds=time.monotonic() - began,
            output=output,
        )


@contextmanager
def copied(tree: Path) -> Iterator[Copy]:
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        yield Copy(tree, Path(folder))


def whole(tree: Path, guards: Sequence[Guard]) -> Run:
    """Every named test, with every guard in its place."""
    with copied(tree) as copy:
        for file in {guard.file for guard in guards}:
            copy.watch(file)
        return copy.run(list(dict.fromkeys(guard.test for guard in guards)))


def without(tree: Path, guard: Guard) -> Verdict:
    """The named test, with the guard switched off."""
    with copied(tree) as copy:
        try:
            guard.switch_off(copy.tree)
        except Moved as moved:
            return Verdict(guard.name, guard.test, NO_TRIAL, 0.0, str(moved))
        copy.watch(guard.file)
        return judged(guard, copy.run([guard.test]))


def judged(guard: Guard, run: Run) -> Verdict:
    """What a run without the guard shows."""
    verdict, why = _judged(guard, run)
    return Verdict(guard.name, guard.test, verdict, round(run.seconds, 1), why)


def _judged(guard: Guard, run: Run) -> tuple[str, str]:
    if guard.file not in run.executed:
        return NO_TRIAL, f"{guard.file} of the copy was not executed: {_last(run.output)}"
    if not run.of(guard.test):
        return NO_TRIAL, f"the test did not run: {_last(run.output)}"
    failure = run.failure(guard.test)
    if failure is None:
        return SURVIVED, "the test passes without the guard"
    phase, outcome, raised = failure["phase"], failure["outcome"], failure["raised"]
    if (run.code, phase, outcome, raised) != (1, "call", "failed", guard.fails_with):
        return NO_TRIAL, (
            f"{outcome} in {phase} with {raised} (exit code {run.code}), not with "
            f"{guard.fails_with}: {_first(failure['said'])}"
        )
    return CAUGHT, _first(failure["said"])


def unfit(guard: Guard, run: Run) -> str:
    """Why the guard cannot be tried after this run with every guard in its place; "" if it can."""
    if guard.file not in run.executed:
        return f"{guard.file} of the copy was not executed: {_last(run.output)}"
    failure = run.failure(guard.test)
    if failure is not None:
        return f"{failure['outcome']} with the guard in its place: {_first(failure['said'])}"
    return "" if run.of(guard.test) else f"the test did not run: {_last(run.output)}"


def _environment(tree: Path) -> dict[str, str]:
    """The copy before everything else on the path, also of processes that a test starts."""
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _output(running: "subprocess.Popen[str]") -> str:
    """Interrupted when it takes too long: pytest ends the services it has started."""
    try:
        return running.communicate(timeout=RUN_SECONDS)[0]
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGINT)
        return running.communicate()[0]


def _first(text: str) -> str:
    return text.strip().partition("\n")[0]


def _last(text: str) -> str:
    return text.strip().rpartition("\n")[2]
