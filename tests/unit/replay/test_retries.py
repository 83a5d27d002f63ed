"""Retries on memory twins: the owner writes them under its claim, and tells what became of each."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from threading import Event
from typing import Any, ClassVar

import pytest

from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import FIRST_FAILED_AT
from backbone.errors import Fatal, Fenced, Transient
from backbone.fact import Fact
from backbone.log import Message
from backbone.memory.reader import MemoryReader
from backbone.record import RecordBatch
from backbone.replay import outcomes, packing, retries_coming
from backbone.replay import retries as retries_module
from backbone.replay.messages import of_fact, of_letter
from backbone.replay.outcomes import Became, Report, Told
from backbone.replay.packing import packed
from backbone.replay.retries import Retries, RetryBatch
from backbone.replay.retry_headers import COUNT, Run
from processors.orders import CANCELLED, PLACED
from processors.prices import PRICES
from processors.view import Document
from tests.view_bench import START, Bench, Worker

RUN = Run("r1", "tester")


@dataclass
class Fragile:
    """Orders whose placing fails in France until it is mended."""

    mended: bool = False
    name: str = "fragile"
    version: int = 1
    topic: str = "sales.order.v1"
    key: str = "order_id"
    example: str = "1"
    freshness_seconds: int = 60
    description: str = "Fails in France."
    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {
        PLACED: ("order_id", "country"),
        CANCELLED: ("order_id",),
    }

    def apply(self, state: Document | None, fact: Fact) -> Document | None:
        if fact.type == CANCELLED:
            return {**(state or {}), "status": "cancelled"}
        if fact.data["country"] == "France" and not self.mended:
            raise ValueError
        return {**(state or {}), "status": "placed"}


@pytest.fixture
def view() -> Fragile:
    return Fragile()


@pytest.fixture
def bench(view: Fragile) -> Bench:
    return Bench(view)


def place(bench: Bench, order: str, country: str) -> None:
    known: dict[str, Any] = {"customer_id": None, "currency": "GBP", "lines": []}
    line = {"stock_code": "A", "description": None, "quantity": 1, "unit_price": Decimal(1)}
    known["lines"] = [line]
    bench.publish(PLACED, order, order_id=order, placed_at=START, country=country, **known)


def cancel(bench: Bench, order: str) -> None:
    bench.publish(CANCELLED, order, order_id=order, cancelled_at=START, reason=None)


def letters(bench: Bench) -> list[DeadLetter]:
    return [*map(DeadLetter.of, MemoryReader(bench.log).scan(f"dlq.{bench.view.name}"))]


def messages(bench: Bench) -> list[Message]:
    """Every letter there is, as a run hands it over."""
    found = [(each, each.origin) for each in letters(bench)]
    return [of_letter(bench.view.name, each, at, RUN) for each, at in found if at is not None]


def replay(bench: Bench) -> None:
    for each in messages(bench):
        bench.append(each)


def told(bench: Bench) -> list[Told]:
    records = MemoryReader(bench.log).scan(f"replayed.{bench.view.name}")
    return [told for each in records for told in Report.from_bytes(each.value or b"").told]


def retries_of(worker: Worker) -> Retries:
    found = worker.runner._retries
    assert found is not None
    return found


def became(bench: Bench) -> list[Became]:
    return [each.became for each in told(bench)]


def test_what_was_mended_is_recovered_and_told_with_its_letter(view: Fragile, bench: Bench) -> None:
    place(bench, "1", "France")
    worker = bench.worker()
    worker.run()
    offset = bench.status().offset
    view.mended = True
    replay(bench)
    worker.run()

    assert bench.served() == {"1": {"status": "placed"}}
    assert told(bench) == [
        Told(
            "dlq.fragile/0/0",
            letters(bench)[0].record.position.topic_id,
            "r1",
            Became.RECOVERED,
            None,
        )
    ]
    assert bench.status().offset == offset


def test_what_fails_again_is_a_letter_again_with_its_first_coordinates(bench: Bench) -> None:
    place(bench, "1", "France")
    worker = bench.worker()
    worker.run()
    replay(bench)
    worker.run()

    first, again = letters(bench)
    assert became(bench) == [Became.FAILED]
    assert told(bench)[0].code == "handler_failed"
    assert again.origin == first.origin
    assert again.published_ms == first.published_ms
    assert again.fingerprint == first.fingerprint
    assert again.header(COUNT) == "1"
    assert again.header(FIRST_FAILED_AT) == first.header(FIRST_FAILED_AT)
    assert (again.record.key, again.record.value) == (first.record.key, first.record.value)


def test_an_older_fact_changes_nothing_of_what_came_later(view: Fragile, bench: Bench) -> None:
    place(bench, "1", "France")
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    view.mended = True
    replay(bench)
    worker.run()

    assert bench.served() == {"1": {"status": "cancelled"}}
    assert became(bench) == [Became.SUPERSEDED]


def test_replayed_twice_it_is_applied_once(view: Fragile, bench: Bench) -> None:
    place(bench, "1", "France")
    worker = bench.worker()
    worker.run()
    view.mended = True
    replay(bench)
    replay(bench)
    worker.run()
    replay(bench)
    worker.run()

    # the two that came together are one and the same
    assert became(bench) == [Became.RECOVERED, Became.RECOVERED, Became.ALREADY_APPLIED]


def test_a_worker_goes_on_behind_what_was_told(view: Fragile, bench: Bench) -> None:
    place(bench, "1", "France")
    worker = bench.worker()
    worker.run()
    view.mended = True
    replay(bench)
    worker.run()
    worker.subscription.close()
    bench.worker().run()

    assert became(bench) == [Became.RECOVERED]


def test_tried_again_after_a_crash_before_it_was_told_nothing_changes(
    view: Fragile, bench: Bench
) -> None:
    place(bench, "1", "France")
    worker = bench.worker()
    worker.run()
    view.mended = True
    replay(bench)
    worker.run()
    bench.log.topics["replayed.fragile"].partitions[0].clear()
    worker.subscription.close()
    bench.worker().run()

    assert became(bench) == [Became.ALREADY_APPLIED]
    assert bench.served() == {"1": {"status": "placed"}}


def test_a_poisoned_wave_does_not_stop_the_owner(bench: Bench) -> None:
    for number in range(150):
        place(bench, f"f{number}", "France")
    for number in range(200):
        place(bench, f"g{number}", "Greece")
    worker = bench.worker()
    worker.run()
    replay(bench)
    worker.run()

    assert became(bench) == [Became.FAILED] * 150


def test_what_stands_ahead_of_the_view_is_the_log_s_own_to_bring(bench: Bench) -> None:
    worker = bench.worker()
    worker.run()
    place(bench, "1", "Greece")
    ahead = next(iter(MemoryReader(bench.log).scan("sales.order.v1")))
    foreign = ahead.position
    bench.append(of_fact("fragile", ahead, RUN))
    retries = retries_of(worker)
    (batch,) = retries.poll()
    retries.work(batch)

    assert became(bench) == [Became.REFUSED]
    assert foreign.offset == 0
    assert bench.served() == {}


@pytest.mark.parametrize(
    "original", [b"", b"other.topic|x|0|0|0", b"sales.order.v1|recreated|0|0|0", b"nonsense"]
)
def test_what_is_not_of_the_view_s_topic_is_refused(bench: Bench, original: bytes) -> None:
    place(bench, "1", "Greece")
    worker = bench.worker()
    worker.run()
    marks = [
        ("replay.id", b"r1"),
        ("replay.count", b"1"),
        ("replay.of", b"dlq.fragile/0/0|id"),
        ("replay.by", b"x"),
        ("replay.original", original),
    ]
    bench.append(Message("retry.fragile", b"1", b"x", marks, 0))
    worker.run()

    assert told(bench) == [Told("dlq.fragile/0/0", "id", "r1", Became.REFUSED, None)]


def test_while_a_view_is_built_retries_wait(view: Fragile, bench: Bench) -> None:
    for number in range(3):
        place(bench, str(number), "France")
    worker = bench.worker()
    worker.run()
    worker.subscription.close()
    view.mended = True
    replay(bench)
    bench.views.writer().clear(bench.id, 0)
    slow = bench.worker(max_records=1)
    slow.run(polls=2)
    assert became(bench) == []

    slow.run(polls=5)
    assert became(bench) == [Became.ALREADY_APPLIED] * 3


def test_an_owner_that_was_overtaken_writes_no_retry(view: Fragile, bench: Bench) -> None:
    place(bench, "1", "France")
    worker = bench.worker()
    worker.run()
    view.mended = True
    bench.views.writer().claim(bench.id, 0)
    replay(bench)
    with pytest.raises(Fenced):
        worker.run()
    assert became(bench) == []
    assert bench.served() == {}


def test_an_emptied_store_is_healed_and_the_retry_tried_then(view: Fragile, bench: Bench) -> None:
    place(bench, "1", "France")
    place(bench, "2", "Greece")
    worker = bench.worker()
    worker.run()
    view.mended = True
    bench.views.flush()
    replay(bench)
    worker.run(polls=6)

    assert bench.served() == {"1": {"status": "placed"}, "2": {"status": "placed"}}
    assert became(bench) == [Became.ALREADY_APPLIED]


def test_a_latest_by_key_view_takes_many_retries_in_columns() -> None:
    bench = Bench(PRICES)
    for number in range(300):
        bench.price(f"C{number}", "1.00", seconds=1)
    bench.price("C7", "2.00", seconds=5)
    worker = bench.worker()
    worker.run()
    before = bench.served()
    for each in list(MemoryReader(bench.log).scan(PRICES.topic))[:300]:
        bench.append(of_fact("prices", each, RUN))
    worker.run()

    found = became(bench)
    assert (found.count(Became.ALREADY_APPLIED), found[7]) == (299, Became.SUPERSEDED)
    assert bench.served() == before


def test_live_facts_go_on_beside_retries(view: Fragile, bench: Bench) -> None:
    for number in range(20):
        place(bench, f"f{number}", "France")
    worker: Worker = bench.worker()
    worker.run()
    view.mended = True
    replay(bench)
    place(bench, "live", "Greece")
    worker.run(polls=2)

    assert bench.served()["live"] == {"status": "placed"}
    assert became(bench) == [Became.RECOVERED] * 20


def test_facts_are_not_waited_for_long_while_retries_may_wait_since_before(bench: Bench) -> None:
    worker: Worker = bench.worker()
    retries = worker.runner._retries
    assert retries is not None
    assert retries.patience_seconds() is None

    retries.start(0)

    waits = retries.patience_seconds()
    assert waits is not None
    assert waits < 0.1


def _polled(worker: Worker) -> tuple[Retries, list[RetryBatch]]:
    retries = worker.runner._retries
    assert retries is not None
    return retries, [*retries.poll()]


def test_nothing_is_told_that_the_store_has_not_said_is_written(
    view: Fragile, bench: Bench
) -> None:
    place(bench, "1", "France")
    worker = bench.worker()
    worker.run()
    view.mended = True
    replay(bench)
    retries, (batch,) = _polled(worker)
    bench.views.writer().claim(bench.id, 0)

    with pytest.raises(Fenced):
        retries.work(batch)
    assert became(bench) == []


def test_of_batches_on_their_way_each_is_told_in_its_turn(
    view: Fragile, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backbone.replay.retries._FEW", 0)
    monkeypatch.setattr("backbone.replay.retries_coming.MAX_RETRIES", 3)
    for number in range(8):
        place(bench, str(number), "France")
    worker = bench.worker()
    worker.run()
    view.mended = True
    replay(bench)
    worker.run(polls=1)
    assert became(bench) == []

    worker.run(polls=4)
    assert [each.of for each in told(bench)] == [f"dlq.fragile/0/{number}" for number in range(8)]
    assert set(became(bench)) == {Became.RECOVERED}


def test_what_was_found_is_worked_on_before_the_store_is_waited_for(
    view: Fragile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backbone.replay.retries._FEW", 0)
    bench = Bench(view, partitions=2)
    for number in range(8):
        place(bench, str(number), "France")
    worker = bench.worker()
    worker.run()
    view.mended = True
    found: dict[int, list[Message]] = {0: [], 1: []}
    for each in letters(bench):
        assert each.origin is not None
        found[each.origin.partition].append(of_letter("fragile", each, each.origin, RUN))
    for message in found[0]:
        bench.append(message)
    retries, (first,) = _polled(worker)
    retries.work(first)
    for message in found[1]:
        bench.append(message)

    _, polled = _polled(worker)

    assert [(each.partition, each.coming is None) for each in polled] == [(1, False), (0, True)]
    retries.work(polled[0])
    _nobody_waits_for_the_store(monkeypatch)
    retries.work(polled[1])
    assert [each.became for each in told(bench)] == [Became.RECOVERED] * len(found[0])


def _nobody_waits_for_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(_: object) -> None:
        raise AssertionError("it was waited for what another partition had just sent")

    monkeypatch.setattr("backbone.views.memory_store._Begun.finish", finish)


@pytest.fixture
def _two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries_coming, "MAX_RETRIES", 2)
    monkeypatch.setattr(retries_module, "_FEW", 2)


def _parked(
    view: Fragile,
    bench: Bench,
    count: int,
    handed_over: Callable[[Sequence[Message]], Sequence[Message]] = list,
) -> Worker:
    """So many orders, each a letter that is to be tried again, of a view that is mended."""
    for number in range(count):
        place(bench, str(number), "France")
    worker = bench.worker()
    worker.run()
    view.mended = True
    for each in handed_over(messages(bench)):
        bench.append(each)
    return worker


@pytest.mark.usefixtures("_two_at_a_time")
def test_what_is_read_ahead_is_tried_once_and_in_its_turn(view: Fragile, bench: Bench) -> None:
    _parked(view, bench, 9).run(polls=12)

    assert became(bench) == [Became.RECOVERED] * 9
    assert [each.of for each in told(bench)] == [f"dlq.fragile/0/{number}" for number in range(9)]
    assert len(bench.served()) == 9


@pytest.mark.usefixtures("_two_at_a_time")
def test_of_several_partitions_nothing_that_was_read_ahead_is_lost(view: Fragile) -> None:
    bench = Bench(view, partitions=2)
    _parked(view, bench, 20).run(polls=20)

    assert became(bench) == [Became.RECOVERED] * 20
    assert len(bench.served()) == 20


@pytest.mark.usefixtures("_two_at_a_time")
def test_what_was_read_ahead_is_the_next_owners_once_the_partition_is_handed_over(
    view: Fragile, bench: Bench
) -> None:
    worker = _parked(view, bench, 6)
    retries = retries_of(worker)
    (first,) = retries.poll()
    retries.work(first)
    assert [len(each.records) for each in retries._coming._next] == [2]
    worker.runner.revoked(0)

    assert (retries._coming._next, retries._coming._waiting) == ([], {})
    worker.subscription.close()
    bench.worker().run(polls=12)
    # the first two were stored, and nobody was told: they are told now, as what they are
    assert became(bench) == [Became.ALREADY_APPLIED] * 2 + [Became.RECOVERED] * 4


@pytest.mark.usefixtures("_two_at_a_time")
def test_a_log_that_is_away_while_it_is_read_ahead_takes_nothing_from_what_was_worked_out(
    view: Fragile, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = _parked(view, bench, 4)
    retries = retries_of(worker)
    (first,) = retries.poll()
    poll = retries._log.follower.poll

    def away(*_: object) -> Sequence[RecordBatch]:
        raise Transient("away")

    monkeypatch.setattr(retries._log.follower, "poll", away)
    retries.work(first)
    assert sorted(bench.served()) == ["0", "1"]

    monkeypatch.setattr(retries._log.follower, "poll", poll)
    worker.run(polls=12)
    assert became(bench) == [Became.RECOVERED] * 4


@pytest.mark.usefixtures("_two_at_a_time")
def test_a_log_that_refuses_while_it_is_read_ahead_ends_it_once_the_former_are_stored(
    view: Fragile, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = _parked(view, bench, 4)
    retries = retries_of(worker)
    (first,) = retries.poll()

    def refuses(*_: object) -> Sequence[RecordBatch]:
        raise Fatal("damaged")

    monkeypatch.setattr(retries._log.follower, "poll", refuses)
    retries.work(first)
    assert sorted(bench.served()) == ["0", "1"]
    monkeypatch.undo()
    with pytest.raises(Fatal, match="damaged"):
        retries.poll()


@pytest.mark.usefixtures("_two_at_a_time")
def test_outcomes_that_could_not_be_told_at_once_are_told_later(
    view: Fragile, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = _parked(view, bench, 4)
    retries = retries_of(worker)
    append, refused = retries._log.appender.append, [Transient("away"), Transient("still")]

    def sometimes(messages: Sequence[Message]) -> None:
        if refused:
            raise refused.pop()
        append(messages)

    waited: list[float] = []
    monkeypatch.setattr(retries._log.appender, "append", sometimes)
    monkeypatch.setattr(worker.subscription, "keep_alive", waited.append)
    worker.run(polls=12)
    assert (refused, len(waited)) == ([], 2)
    assert became(bench) == [Became.RECOVERED] * 4


@pytest.fixture
def _packs_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_FEWEST", 2)
    monkeypatch.setattr(packing, "MAX_ROWS", 3)


def _positions(bench: Bench) -> list[int]:
    records = MemoryReader(bench.log).scan(f"replayed.{bench.view.name}")
    return [Report.from_bytes(each.value or b"").next for each in records]


@pytest.mark.usefixtures("_packs_of_three")
def test_what_came_in_packs_is_told_letter_by_letter(view: Fragile, bench: Bench) -> None:
    _parked(view, bench, 7, packed).run(polls=12)

    assert [each.of for each in told(bench)] == [f"dlq.fragile/0/{number}" for number in range(7)]
    assert became(bench) == [Became.RECOVERED] * 7
    assert len(bench.served()) == 7
    assert _positions(bench) == [3]  # two packs, and one that is alone


@pytest.mark.usefixtures("_packs_of_three", "_two_at_a_time")
def test_a_pack_is_tried_as_a_whole_and_is_behind_once_all_of_it_is_told(
    view: Fragile, bench: Bench
) -> None:
    _parked(view, bench, 7, packed).run(polls=12)

    assert became(bench) == [Became.RECOVERED] * 7
    assert _positions(bench) == [1, 2, 3]


@pytest.mark.usefixtures("_packs_of_three", "_two_at_a_time")
def test_an_owner_that_takes_over_begins_with_the_pack_that_was_not_told(
    view: Fragile, bench: Bench
) -> None:
    worker = _parked(view, bench, 7, packed)
    retries = retries_of(worker)
    (first,) = retries.poll()
    retries.work(first)
    worker.runner.revoked(0)
    worker.subscription.close()

    bench.worker().run(polls=12)

    assert became(bench) == [Became.ALREADY_APPLIED] * 3 + [Became.RECOVERED] * 4


@pytest.mark.usefixtures("_packs_of_three")
def test_an_owner_that_dies_while_it_tells_of_a_pack_tells_of_all_of_it_again(
    view: Fragile, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "MAX_TOLD", 2)
    worker = _parked(view, bench, 3, packed)
    retries = retries_of(worker)
    (first,) = retries.poll()
    append = retries._log.appender.append

    def dies(messages: Sequence[Message]) -> None:
        append(messages[:1])
        raise Fatal("killed")

    monkeypatch.setattr(retries._log.appender, "append", dies)
    with pytest.raises(Fatal, match="killed"):
        retries.work(first)
    worker.runner.revoked(0)
    worker.subscription.close()
    bench.worker().run(polls=12)

    assert {each.of for each in told(bench)} == {f"dlq.fragile/0/{number}" for number in range(3)}
    assert became(bench) == [Became.RECOVERED] * 2 + [Became.ALREADY_APPLIED] * 3


@pytest.mark.usefixtures("_packs_of_three")
def test_what_fails_again_in_a_pack_is_a_letter_as_if_it_had_come_alone(bench: Bench) -> None:
    place(bench, "0", "Spain")
    view = bench.view
    assert isinstance(view, Fragile)
    worker = _parked(view, bench, 3, packed)
    view.mended = False
    worker.run(polls=12)

    first, again = letters(bench)[:3], letters(bench)[3:]
    assert became(bench) == [Became.FAILED] * 3
    for each, before in zip(again, first, strict=True):
        assert each.origin == before.origin
        assert each.published_ms == before.published_ms
        assert each.header(COUNT) == "1"
        assert each.header(FIRST_FAILED_AT) == before.header(FIRST_FAILED_AT)
        assert (each.record.key, each.record.value) == (before.record.key, before.record.value)


def test_what_a_store_that_came_back_as_an_older_copy_lacks_is_tried_again(
    view: Fragile, bench: Bench
) -> None:
    """It stands at the same offset, for retries move none."""
    worker = _parked(view, bench, 3)
    copy = deepcopy(bench.views._partitions)
    worker.run(polls=6)
    assert len(bench.served()) == 3

    bench.views._partitions, bench.views.run_id = copy, "another"
    worker.run(polls=6)

    assert len(bench.served()) == 3
    assert became(bench) == [Became.RECOVERED] * 6


def test_what_was_told_long_before_is_not_tried_again(
    view: Fragile, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = _parked(view, bench, 3)
    worker.run(polls=6)
    monkeypatch.setattr(retries_module, "_MAY_BE_LOST_SECONDS", -1.0)

    retries_of(worker).start(0)
    worker.run(polls=6)

    assert became(bench) == [Became.RECOVERED] * 3


@pytest.mark.usefixtures("_two_at_a_time")
def test_what_is_being_told_stands_in_the_log_before_the_partition_is_handed_over(
    view: Fragile, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = _parked(view, bench, 6)
    retries = retries_of(worker)
    append, handed_over = retries._log.appender.append, Event()

    def takes_its_time(messages: Sequence[Message]) -> None:
        handed_over.wait(0.3)
        append(messages)

    monkeypatch.setattr(retries._log.appender, "append", takes_its_time)
    for _ in range(2):
        (some,) = retries.poll()
        retries.work(some)
    worker.runner.revoked(0)
    at_once = became(bench)
    handed_over.set()

    assert at_once == [Became.RECOVERED] * 2


@pytest.mark.usefixtures("_two_at_a_time")
def test_what_is_being_told_when_an_older_copy_comes_back_is_tried_again(
    view: Fragile, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = _parked(view, bench, 6)
    copy = deepcopy(bench.views._partitions)
    monkeypatch.setattr(retries_module, "_HAND_OVER_SECONDS", 0.0)
    retries = retries_of(worker)
    for _ in range(2):
        (some,) = retries.poll()
        retries.work(some)
    bench.views._partitions, bench.views.run_id = copy, "another"
    worker.run(polls=20)

    assert len(bench.served()) == 6
