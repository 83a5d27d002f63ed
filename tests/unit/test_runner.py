from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from backbone.backoff import Backoff
from backbone.errors import Fatal, Poison, PoisonReason, Transient
from backbone.log import End, Message, TopicSpec
from backbone.memory.log import MemoryAdmin, MemoryAppender, MemoryLog
from backbone.memory.reader import MemoryReader
from backbone.middleware.dead_letters import dead_letters
from backbone.middleware.metrics import measure
from backbone.middleware.retry import retry
from backbone.patience import Patience
from backbone.record import Outcomes, RecordBatch, last_header
from backbone.runner import Pace, Runner


@dataclass
class Remembering:
    """A processor whose effects are a list; `bad` values are poison, `away` fails so many calls."""

    name: str = "remembering"
    bad: bytes = b"bad"
    away: int = 0
    away_at_commit: int = 0
    read_again_from: int | None = None
    staged: list[bytes | None] = field(default_factory=list)
    done: list[bytes | None] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)

    def assigned(self, partition: int, topic_id: str) -> int:
        del partition, topic_id
        return 0

    def revoked(self, partition: int) -> None:
        del partition

    lost = revoked

    def step(self, batch: RecordBatch) -> Outcomes:
        if self.away:
            self.away -= 1
            raise Transient("the store is away")
        outcomes = Outcomes(len(batch))
        for index, value in enumerate(batch.values):
            if value == self.bad:
                outcomes.poison(index, Poison(PoisonReason.INVALID, "it is bad"))
        self.staged = [value for value in batch.values if value != self.bad]
        return outcomes

    def commit(self, batch: RecordBatch) -> int | None:
        del batch
        if self.away_at_commit:
            self.away_at_commit -= 1
            raise Transient("the store is away")
        again, self.read_again_from = self.read_again_from, None
        if again is None:
            self.done += self.staged
        return again

    def idle(self, end: End) -> int | None:
        self.ends.append(end)
        return None


@pytest.fixture
def log() -> MemoryLog:
    made = MemoryLog()
    admin = MemoryAdmin(made)
    admin.create(TopicSpec("facts", 1))
    admin.create(TopicSpec("dlq.remembering", 1))
    return made


def _write(log: MemoryLog, *values: bytes) -> None:
    MemoryAppender(log).append([Message("facts", b"k", value) for value in values])


def _run(log: MemoryLog, processor: Remembering, polls: int = 4) -> None:
    patience = Patience(processor.name, Backoff(first_seconds=0.0))
    stack = [
        measure(processor.name),
        retry(patience),
        dead_letters(processor.name, MemoryAppender(log)),
    ]
    runner = Runner(processor, stack, patience, Pace(max_records=100))
    subscription = log.subscription("group", "facts", runner)
    runner.run(subscription, _after(polls))
    subscription.close()


def _after(polls: int) -> Callable[[], bool]:
    left = [polls]

    def stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return stop


def _dead(log: MemoryLog) -> Sequence[tuple[bytes | None, bytes | None]]:
    letters = MemoryReader(log).scan("dlq.remembering")
    return [(each.value, last_header(each.headers, "__connect.errors.offset")) for each in letters]


def test_records_are_handled_in_order_and_the_end_is_told(log: MemoryLog) -> None:
    _write(log, b"1", b"2", b"3")
    processor = Remembering()
    _run(log, processor)
    assert processor.done == [b"1", b"2", b"3"]
    assert processor.ends[0].offset == 3


def test_a_poisoned_record_is_parked_byte_for_byte_and_the_others_go_on(log: MemoryLog) -> None:
    _write(log, b"1", b"bad", b"3")
    processor = Remembering()
    _run(log, processor)
    assert processor.done == [b"1", b"3"]
    assert _dead(log) == [(b"bad", b"1")]


def test_what_is_parked_is_said_without_quoting_it(log: MemoryLog) -> None:
    _write(log, b"1", b"bad", b"bad")
    with capture_logs() as lines:
        _run(log, Remembering())
    (said,) = [each for each in lines if each["event"] == "parked"]
    assert (said["count"], said["first"], said["log_level"]) == (2, "facts/0/1", "warning")
    assert said["see"] == "backbone dlq causes remembering"


def test_a_service_that_is_away_is_waited_for_in_place(log: MemoryLog) -> None:
    _write(log, b"1", b"2")
    processor = Remembering(away=3, away_at_commit=2)
    _run(log, processor, polls=20)
    assert processor.done == [b"1", b"2"]


def test_a_retried_batch_parks_its_poison_once(log: MemoryLog) -> None:
    _write(log, b"bad", b"2")
    _run(log, Remembering(away=3, away_at_commit=2), polls=20)
    assert _dead(log) == [(b"bad", b"0")]


def test_a_store_that_is_behind_has_its_records_delivered_again(log: MemoryLog) -> None:
    _write(log, b"1", b"2")
    processor = Remembering(read_again_from=0)
    _run(log, processor)
    assert processor.done == [b"1", b"2"]


def test_when_a_dead_letter_cannot_be_written_nothing_is_committed(log: MemoryLog) -> None:
    _write(log, b"1", b"bad")
    log.delete("dlq.remembering")
    processor = Remembering()
    with pytest.raises(Fatal, match=r"dlq\.remembering"):
        _run(log, processor)
    assert processor.done == []


def test_when_most_of_a_large_batch_is_poison_it_stops_and_parks_nothing(log: MemoryLog) -> None:
    _write(log, *[b"bad"] * 100)
    processor = Remembering()
    with pytest.raises(Fatal, match="100 of 100 records from facts/0/0 on are poison"):
        _run(log, processor)
    assert processor.done == []
    assert _dead(log) == []


def test_a_small_batch_may_be_all_poison(log: MemoryLog) -> None:
    _write(log, *[b"bad"] * 99)
    _run(log, Remembering())
    assert len(_dead(log)) == 99


def test_work_that_was_fetched_before_a_partition_changed_hands_is_dropped(log: MemoryLog) -> None:
    _write(log, b"1")
    processor = Remembering(away=1)
    patience = Patience("remembering", Backoff(first_seconds=0.0))
    runner = Runner(processor, [retry(patience)], patience)
    subscription = log.subscription("group", "facts", runner)
    fetched = subscription.poll(10, 0)
    polls: list[int] = []

    class ChangesHands:
        """Delivers one batch, and loses and regains the partition while the runner waits."""

        def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch | End]:
            del max_records, timeout_seconds
            polls.append(1)
            return fetched if len(polls) == 1 else []

        def keep_alive(self, seconds: float) -> None:
            del seconds
            runner.revoked(0)
            runner.assigned(0, "id")

        rewind = close = lambda *_: None

    runner.run(ChangesHands(), lambda: len(polls) >= 2)
    assert processor.done == []


def test_a_stop_while_a_batch_waits_leaves_it_and_its_end_undone(log: MemoryLog) -> None:
    """The end behind a given-up batch was taken for done: its records were lost for ever."""
    _write(log, b"1", b"2")
    processor = Remembering(away=1_000)
    patience = Patience("remembering", Backoff(first_seconds=0.0))
    runner = Runner(processor, [retry(patience)], patience)
    subscription = log.subscription("group", "facts", runner)
    runner.run(subscription, lambda: processor.away < 995)
    assert processor.done == []
    assert processor.ends == []


def test_a_view_that_is_built_again_parks_what_was_judged_when_it_came(log: MemoryLog) -> None:
    _write(log, *[b"bad"] * 100)
    processor = Remembering()
    patience = Patience(processor.name, Backoff(first_seconds=0.0))
    stack = [dead_letters(processor.name, MemoryAppender(log), may_stop=lambda _: False)]
    runner = Runner(processor, stack, patience)
    subscription = log.subscription("group", "facts", runner)
    runner.run(subscription, _after(2))
    assert len(_dead(log)) == 100
