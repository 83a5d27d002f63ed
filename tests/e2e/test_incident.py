"""An incident under live traffic: 5,000 dead letters of three causes, a wrong and a right fix."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.bookings import TOPIC
from tests.e2e.load import in_background
from tests.e2e.travel import Travel
from tests.e2e.world import World

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis]

FAILING = 5_000
CANCELS = FAILING // 5
PASSING = FAILING - CANCELS
FAST = ("--rate", "0", "--at-once", "2000")


def _live(travel: Travel, written: list[str]) -> Callable[[threading.Event], None]:
    def book(stop: threading.Event) -> None:
        while not stop.wait(0.01):
            keys = [f"live-{len(written) + number}" for number in range(20)]
            travel.world.append([travel.created(key) for key in keys])
            written.extend(keys)

    return book


def test_an_incident_is_understood_and_replayed_and_nothing_goes_back_in_time(
    world: World, tmp_path: Path
) -> None:
    travel = Travel.ready(world, tmp_path)
    expected = travel.incident(FAILING)
    worker = travel.start("")
    world.wait(lambda: travel.dead() == FAILING, "every change is parked")
    written: list[str] = []
    with in_background(_live(travel, written)):
        _three_causes_are_found(travel)
        worker.stop()
        worker = travel.start("wrong")
        failed = _the_wrong_fix_is_stopped(travel)
        worker.stop()
        worker = travel.start("right")
        _the_right_fix_recovers_all(travel, failed)
        _replaying_twice_changes_nothing(travel)
    expected |= dict.fromkeys(written, ("created", "single"))
    world.wait(lambda: travel.served() == expected, "the view is the fold of its log")
    assert worker.stop() == 0


def _three_causes_are_found(travel: Travel) -> None:
    causes = travel.rows("dlq", "causes", "bookings")
    shares = [FAILING * tenths // 10 for tenths in (4, 3, 3)]
    assert [each["count"] for each in causes] == [each["open"] for each in causes] == shares
    assert {each["code"] for each in causes} == {"handler_failed"}
    errors = ("KeyError", "ValueError", "NotImplementedError")
    told = " ".join(each["what"] for each in causes)
    assert [error for error in errors if f"bookings raised {error} at line" not in told] == []


def _the_wrong_fix_is_stopped(travel: Travel) -> int:
    """A plan with its code tells; and deployed, though a plan with another promised all, it is
    stopped by the ramp."""
    verdicts = Counter[str]()
    for each in travel.rows("dlq", "plan", "bookings", fix="wrong"):
        verdicts[each["verdict"]] += each["count"]
        assert bool(each["what"]) is (each["verdict"] == "would_fail")
    assert verdicts == {"would_fail": PASSING, "superseded": CANCELS}
    stopped = travel.rows("dlq", "run", "bookings", code=3)[0]
    gone = FAILING - stopped["not_sent"]
    assert 0 < stopped["failed_again"] <= gone <= FAILING // 100
    assert stopped["recovered"] == 0
    failed: int = stopped["failed_again"]
    return failed


def _the_right_fix_recovers_all(travel: Travel, failed: int) -> None:
    travel.rows("dlq", "run", "bookings", "--rate", "0")
    report = travel.rows("dlq", "report", "bookings")
    assert {each["state"]: each["messages"] for each in report if each["messages"]} == {
        "recovered": PASSING,
        "superseded": CANCELS,
        "messages": FAILING,
        "further letters of the same messages": failed,
        "letters in the topic": FAILING + failed,
        "balances": "yes",
    }
    causes = travel.rows("dlq", "causes", "bookings")
    assert (sum(each["count"] for each in causes), {each["open"] for each in causes}) == (
        FAILING + failed,
        {0},
    )


def _replaying_twice_changes_nothing(travel: Travel) -> None:
    """Neither the letters, of which none is left, nor all facts of the log."""
    assert travel.rows("dlq", "run", "bookings")[0]["messages"] == 0
    ends = travel.world.admin.ends(TOPIC)
    spans = [f"--offsets={partition}/0-{end - 1}" for partition, end in ends.items()]
    twice = travel.rows("dlq", "again", "bookings", "--from", TOPIC, *spans, *FAST)[0]
    assert twice["messages"] == sum(ends.values())
    assert twice["superseded"] + twice["already_applied"] == twice["messages"]
