"""`make guards`: each guard is switched off in a copy of the tree, and its test must fail."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.guards.catalog import GUARDS
from tests.guards.guard import Guard
from tests.guards.trial import CAUGHT, NO_TRIAL, Verdict, unfit, whole, without

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    guards = [guard for guard in GUARDS if not asked.only or guard.name in asked.only]
    began = time.monotonic()
    verdicts = []
    for verdict in tried(guards, asked.jobs):
        verdicts.append(verdict)
        _say(json.dumps(verdict.as_row()) if asked.output == "json" else _line(verdict))
    missed = [each for each in verdicts if each.verdict != CAUGHT]
    if asked.output == "table":
        _sum_up(len(verdicts), missed, time.monotonic() - began)
    return 1 if missed or not verdicts else 0


def tried(guards: Sequence[Guard], jobs: int) -> Iterator[Verdict]:
    """One by one without it; and beside the first of them all named tests together, with every
    guard in its place: before they have passed nothing is said of a trial."""
    with ThreadPoolExecutor(jobs) as pool:
        run = pool.submit(whole, ROOT, guards)
        trials = [pool.submit(without, ROOT, guard) for guard in guards]
        for guard, trial in zip(guards, trials, strict=True):
            why = unfit(guard, run.result())
            yield Verdict(guard.name, guard.test, NO_TRIAL, 0.0, why) if why else trial.result()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make guards", description=__doc__)
    names = [guard.name for guard in GUARDS]
    parser.add_argument("--only", action="append", choices=names, help="this guard; repeatable")
    parser.add_argument("--jobs", type=int, default=3, help="how many are tried at a time")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    return parser


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _line(verdict: Verdict) -> str:
    told = f"{verdict.verdict:<9} {verdict.guard:<26} {verdict.seconds:>5.1f} s  {verdict.test}"
    return told if verdict.verdict == CAUGHT else f"{told}\n          {verdict.why}"


def _sum_up(tried: int, missed: Sequence[Verdict], seconds: float) -> None:
    _say(f"{tried - len(missed)} of {tried} guards caught in {seconds:.0f} s")
    for each in missed:
        _say(f"not caught: {each.guard}: {each.why}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
