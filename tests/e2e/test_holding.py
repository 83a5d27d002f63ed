"""The incident of a strict view, whose worker is killed and whose store is emptied: what stands
behind a dead letter is held, and applied behind it in the end."""

import threading
from functools import partial
from pathlib import Path

import pytest

from backbone.views.store import ViewId
from tests.e2e.bookings import TOPIC
from tests.e2e.load import in_background
from tests.e2e.travel import Expected, Travel
from tests.e2e.world import Running, World, moments

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis]

FAILING = 600
CANCELS = FAILING // 5
VIEW = ViewId("bookings", 1, 4)


def _start_and_kill(travel: Travel, fix: str, seed: int) -> None:
    (seconds,) = moments(seed, 1, 0.0, 0.6)
    running = travel.start(fix)
    travel.world.wait(partial(_works, running), "it works")
    threading.Event().wait(seconds)
    running.kill()


def _works(running: Running) -> bool:
    return "partition assigned" in running.said()


def _balance(travel: Travel) -> dict[str, int]:
    """What the ledger says became of the facts; every line balances, and every entry is the fold of
    what was applied."""
    lines = travel.rows("ledger", "--topic", TOPIC, "--deep", code=3)  # there is no warehouse
    found: dict[str, int] = {}
    for line in lines:
        if line["name"] == "bookings":
            assert line["balances"], line
            for part, count in line["parts"].items():
                found[part] = found.get(part, 0) + count
    return {part: count for part, count in found.items() if count}


def test_what_stands_behind_a_dead_letter_is_held_through_kills_and_applied_in_order(
    world: World, tmp_path: Path
) -> None:
    travel = Travel.ready(world, tmp_path, strict=True)
    expected = travel.incident(FAILING)
    _start_and_kill(travel, "", seed=1)
    worker = travel.start("")
    _all_are_as_they_were_created(travel, expected)
    assert travel.dead() >= FAILING  # once more where it was killed before it had committed
    assert _balance(travel) == {
        "applied or superseded": FAILING,
        "dead-lettered": FAILING,
        "held": CANCELS,
        "equal": FAILING,
    }

    *_, explained = travel.rows("explain", "bookings", "b0000", code=3)  # a cancel is held
    assert explained["at_fault"] == []

    world.redis.flushall()
    _all_are_as_they_were_created(travel, expected)
    worker.kill()

    plan = travel.run("dlq", "plan", "bookings")
    assert f"{CANCELS} facts held behind them would be applied too" in plan.stderr
    assert _held(travel) == FAILING + CANCELS
    _replayed_under_kills(travel)
    world.wait(lambda: travel.served() == expected, "the view is the fold of its mended log")
    assert _held(travel) == 0
    assert _balance(travel) == {
        "applied or superseded": 2 * FAILING + CANCELS,
        "equal": FAILING,
    }


def _all_are_as_they_were_created(travel: Travel, expected: Expected) -> None:
    created = dict.fromkeys(expected, ("created", "single"))
    travel.world.wait(
        lambda: _held(travel) == FAILING + CANCELS and travel.served() == created,
        "every change is parked, and every cancel behind it held",
    )


def _held(travel: Travel) -> int:
    names = [f"{{bookings:{partition}}}:1:held" for partition in range(VIEW.partitions)]
    return sum(int(travel.world.redis.hlen(each)) for each in names)


def _replayed_under_kills(travel: Travel) -> None:
    """The owner is killed while the run waits for it, and nothing goes back in time."""
    backwards: set[str] = set()

    def watched(stop: threading.Event) -> None:
        ranks = {"created": 0, "changed": 1, "cancelled": 2}
        before: dict[str, int] = {}
        while not stop.wait(0.02):
            now = {key: ranks[status] for key, (status, _) in travel.served().items()}
            backwards.update(key for key, rank in now.items() if rank < before.get(key, 0))
            before = now

    def killed(stop: threading.Event) -> None:
        _start_and_kill(travel, "right", seed=2)
        travel.start("right")
        stop.wait()

    with in_background(watched), in_background(killed):
        travel.rows("dlq", "run", "bookings", "--rate", "0")
    assert backwards == set()
    report = travel.rows("dlq", "report", "bookings")
    states = {each["state"]: each["messages"] for each in report if each["messages"]}
    settled = sum(states.get(each, 0) for each in ("recovered", "superseded", "already_applied"))
    assert settled == states["messages"] == FAILING
    assert states["balances"] == "yes"
