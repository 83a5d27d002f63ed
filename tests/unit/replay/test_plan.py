"""A plan: by today's code, in the order of a replay, and nothing is changed."""

import pytest

from backbone.memory.reader import MemoryReader
from backbone.record import Outcomes, RecordBatch
from backbone.replay.parked import by_message
from backbone.replay.plan import MAX_REPLAYS, Target, Verdict, not_replayable, planned, totals
from processors.rehearsal import Rehearsal
from tests import strict_view
from tests.strict_view import Trail
from tests.unit.replay.test_parked import letter
from tests.unit.replay.test_retries import Fragile, cancel, letters, place
from tests.view_bench import Bench

TARGET = Target("pricing.price.v1", "id-1", 4)


@pytest.fixture
def view() -> Fragile:
    return Fragile()


@pytest.fixture
def bench(view: Fragile) -> Bench:
    return Bench(view)


def test_each_message_has_its_verdict_and_nothing_is_changed(view: Fragile, bench: Bench) -> None:
    for order in ("1", "2", "3"):
        place(bench, order, "France")
    cancel(bench, "2")
    bench.worker().run()
    before = bench.served(), bench.status()
    topic_id = bench.log.topics[view.topic].topic_id

    def verdicts() -> dict[str, str | None]:
        rehearsal = Rehearsal(view, bench.contracts, bench.codec, bench.id, bench.views.writer())
        target = Target(view.topic, topic_id, 1)
        found = planned(by_message(letters(bench)), target, rehearsal)
        return {
            (each.parked.letter.record.key or b"").decode(): each.why or str(each.verdict)
            for each in found
        }

    assert verdicts() == {"1": "handler_failed", "2": "superseded", "3": "handler_failed"}
    view.mended = True
    assert verdicts() == {"1": "would_pass", "2": "superseded", "3": "would_pass"}
    assert (bench.served(), bench.status()) == before
    assert not list(MemoryReader(bench.log).scan("retry.fragile"))


def test_what_earlier_messages_would_change_counts_for_later_ones() -> None:
    view = Fragile(mended=True)
    bench = Bench(view)
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    rehearsal = Rehearsal(view, bench.contracts, bench.codec, bench.id, bench.views.writer())
    bench.views.flush()
    records = list(MemoryReader(bench.log).scan(view.topic))
    batch = RecordBatch.of(records)

    assert rehearsal(batch)[0].name == "APPLIED"
    assert rehearsal(batch)[0].name == "ALREADY_APPLIED"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (Target("other.topic", "id-1", 4), "it stood in pricing.price.v1, which is not read here"),
        (Target("pricing.price.v1", "id-9", 4), "pricing.price.v1 was created again since"),
        (Target("pricing.price.v1", "id-1", 2), "pricing.price.v1/3/7 is no place there"),
    ],
)
def test_what_the_owner_could_not_try_is_told(target: Target, why: str) -> None:
    assert not_replayable(letter(0, of=7), target) == why


def test_what_was_replayed_too_often_is_left() -> None:
    often = letter(0, 7, ("replay.count", b"%d" % MAX_REPLAYS))

    assert not_replayable(often, TARGET) == "it was replayed 20 times"
    assert not_replayable(letter(0, of=7), TARGET) is None


def test_the_totals_count_verdicts_and_reasons() -> None:
    plan = planned(by_message([letter(0, of=7)]), Target("x", "y", 1), _never)

    assert totals(plan) == {
        (Verdict.NOT_REPLAYABLE, "it stood in pricing.price.v1, which is not read here", None): 1
    }


def _never(batch: RecordBatch) -> Outcomes:
    raise AssertionError(batch)


def test_of_a_strict_view_a_plan_tells_what_stays_held_and_how_many_are_released() -> None:
    view = Trail(bad={"France", "Spain"})
    bench = Bench(view)
    strict_view.place(bench, "1", "France")
    strict_view.spoil(bench, "1")
    strict_view.cancel(bench, "1")
    strict_view.place(bench, "2", "Spain")
    strict_view.cancel(bench, "2")
    strict_view.cancel(bench, "2")
    bench.worker().run()
    before = bench.served(), bench.status(), strict_view.held(bench)
    target = Target(view.topic, bench.log.topics[view.topic].topic_id, 1)

    def verdicts() -> tuple[list[str], int]:
        rehearsal = Rehearsal(view, bench.contracts, bench.codec, bench.id, bench.views.writer())
        found = planned(by_message(strict_view.letters(bench)), target, rehearsal)
        return [each.why or str(each.verdict) for each in found], rehearsal.released

    assert verdicts() == (["handler_failed", "bad_frame", "handler_failed"], 0)
    view.bad.clear()
    assert verdicts() == (["would_pass", "bad_frame", "would_pass"], 2)
    assert (bench.served(), bench.status(), strict_view.held(bench)) == before


def test_a_letter_behind_one_that_is_not_replayed_would_stay_held() -> None:
    view = Trail()
    bench = Bench(view)
    strict_view.spoil(bench, "1")
    strict_view.place(bench, "1")
    bench.worker().run()
    second = list(MemoryReader(bench.log).scan(view.topic))[1]
    rehearsal = Rehearsal(view, bench.contracts, bench.codec, bench.id, bench.views.writer())
    assert rehearsal(RecordBatch.of([second]))[0].name == "HELD"
