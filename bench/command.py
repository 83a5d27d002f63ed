"""The whole of a benchmark: ground, stages, turns, figures."""

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.catalog import STAGES
from bench.ground import Ground, say
from bench.judging import Result, judge
from bench.report import machine, print_result
from bench.stage import Prepared, Sample, Stage

QUICK_SHARE = 0.02
_WARM_UP = "warm-up"


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for on the command line."""

    stages: Sequence[str]
    runs: int
    quick: bool
    as_json: bool


def run(order: Order) -> bool:
    """Run the stages in the catalog's order and print each as it is there; whether every bar holds.

    With `quick` the facts are few and nothing is judged: it shows that the benchmarks work.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Ground() as ground:
        chosen = [stage for name, stage in STAGES.items() if name in order.stages]
        results = [_shown(_measured(stage, ground, order), order) for stage in chosen]
    return order.quick or all(result.holds for result in results)


def _shown(result: Result, order: Order) -> Result:
    """Printed as soon as it is there: the whole takes minutes."""
    if order.as_json:
        line = result.to_json() | {"quick": order.quick, "machine": machine()}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    else:
        print_result(result)
    return result


def _measured(stage: Stage, ground: Ground, order: Order) -> Result:
    say(f"{stage.name}: preparing")
    with stage.prepare(ground, QUICK_SHARE if order.quick else 1.0) as prepared:
        turns = list(_turns(stage, order))
        samples = [_turn(stage, prepared, turn) for turn in turns]
        counted = [each for each, turn in zip(samples, turns, strict=True) if turn != _WARM_UP]
        names = [each.name for each in prepared.contestants]
        return judge(stage, prepared, {name: [each[name] for each in counted] for name in names})


def _turns(stage: Stage, order: Order) -> Iterator[str]:
    """The first turn warms caches, pages and the broker's compiler, and is not counted."""
    runs = min(order.runs, stage.max_runs)
    if not order.quick and stage.max_runs > 1:
        yield _WARM_UP
    yield from (f"run {turn} of {runs}" for turn in range(1, runs + 1))


def _turn(stage: Stage, prepared: Prepared, turn: str) -> dict[str, Sample]:
    """Everybody once, one after the other."""
    samples = {}
    for each in prepared.contestants:
        say(f"{stage.name}: {turn}, {each.name}")
        samples[each.name] = each.measure()
    return samples
