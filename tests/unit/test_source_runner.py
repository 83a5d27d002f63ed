"""The SourceRunner on memory twins: one transaction for all of a batch; crashes; zombies."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest

from backbone.codec.codec import Codec
from backbone.contracts.catalog import Contracts
from backbone.cursor_record import CursorRecord
from backbone.errors import Fenced, Poison, PoisonReason, Transient
from backbone.fact import Envelope, Fact, Origin
from backbone.log import Membership, Message, TopicSpec
from backbone.memory.log import MemoryAdmin, MemoryLog, MemoryPublisher
from backbone.memory.reader import MemoryReader
from backbone.record import last_header
from backbone.registry.memory import MemoryRegistry
from backbone.settings import REPOSITORY
from backbone.source import Batch, Cursor, Reject
from backbone.source_runner import Edges, SourceRunner

FACT = "shop.sales.OrderCancelled"
TOPIC = "sales.order.v1"
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Numbers:
    """A source of the numbers up to `count`, two a poll; numbers in `bad` break their contract."""

    count: int
    name: str = "numbers"
    bad: frozenset[int] = frozenset()
    source: str = "/services/shop"
    away: int = 0
    polled: list[Cursor | None] = field(default_factory=list)
    facts: Sequence[str] = (FACT,)
    asked_again: Event = field(default_factory=Event)

    def poll(self, cursor: Cursor | None) -> Batch:
        if self.polled:
            self.asked_again.set()
        if self.away:
            self.away -= 1
            raise Transient("the database is away")
        self.polled.append(cursor)
        start = cursor["next"] if cursor else 0
        numbers = range(start, min(start + 2, self.count))
        return Batch(
            facts=[self._fact(number) for number in numbers if number not in self.bad],
            rejects=[self._reject(number) for number in numbers if number in self.bad],
            cursor={"next": start + len(numbers)},
            wait_seconds=0.0 if numbers else 0.001,
        )

    def close(self) -> None:
        """Nothing is held."""

    def _fact(self, number: int) -> Fact:
        data = {"order_id": str(number), "cancelled_at": START, "reason": None}
        envelope = Envelope(f"id-{number}", self.source, START, f"{number:020d}")
        return Fact(FACT, str(number), data, envelope, Origin(f"n:{number}", b"%d" % number))

    def _reject(self, number: int) -> Reject:
        poison = Poison(PoisonReason.INVALID, "it is bad")
        return Reject(Origin(f"n:{number}", b"%d" % number), poison, FACT)


@dataclass
class Bench:
    log: MemoryLog = field(default_factory=MemoryLog)
    contracts: Contracts = field(default_factory=lambda: Contracts.load(REPOSITORY / "avro"))
    max_bytes: int = 1_000_000
    fail_before_commit: int = 0
    fail_after_commit: int = 0
    fail_checks: int = 0
    opened: int = 0
    before_commit: Callable[[], bool] = lambda: True

    def __post_init__(self) -> None:
        registry = MemoryRegistry()
        for contract in self.contracts.values():
            registry.register(contract.subject, contract.registered)
        self.codec = Codec(self.contracts, registry)
        self.codec.check([FACT])
        admin = MemoryAdmin(self.log)
        for name in (TOPIC, "cursor.numbers", "dlq.numbers"):
            admin.create(TopicSpec(name, 1))

    def publisher(self, shard: int) -> Any:
        made = self.log.publisher(f"tx-{shard}", ("cursor.numbers", shard))
        return Unsure(made, self)

    def runner(self, source: Numbers) -> SourceRunner:
        limits = {TOPIC: self.max_bytes}
        return SourceRunner(source, Edges(self.publisher, self.codec, self.contracts, limits))

    def run(self, source: Numbers) -> None:
        runner = self.runner(source)
        membership = self.log.membership("group", "cursor.numbers", runner)
        runner.run(membership, lambda: False, until_idle=True)
        membership.close()

    def ids(self) -> list[str]:
        letters = MemoryReader(self.log).scan(TOPIC)
        return [(last_header(each.headers, "ce_id") or b"").decode() for each in letters]

    def dead(self) -> list[tuple[bytes | None, str, str]]:
        return [
            (
                each.value,
                (last_header(each.headers, "dlq.source.position") or b"").decode(),
                (last_header(each.headers, "dlq.error.code") or b"").decode(),
            )
            for each in MemoryReader(self.log).scan("dlq.numbers")
        ]

    def cursor(self) -> CursorRecord:
        newest = MemoryReader(self.log).newest("cursor.numbers", 0)
        assert newest is not None
        return CursorRecord.from_bytes(newest)


@dataclass
class Unsure:
    """A publisher whose transactions fail, so many times before they take effect and so many times
    after that, when only the answer is lost."""

    publisher: MemoryPublisher
    bench: Bench

    def open(self) -> bytes | None:
        self.bench.opened += 1
        return self.publisher.open()

    def publish(self, messages: Iterable[Message], cursor: bytes | Callable[[], bytes]) -> None:
        assert self.bench.before_commit(), "nothing was waited for"
        if self.bench.fail_before_commit > 0:
            self.bench.fail_before_commit -= 1
            list(messages)  # they were on their way
            raise Transient("nothing was committed")
        self.publisher.publish(messages, cursor)
        if self.bench.fail_after_commit > 0:
            self.bench.fail_after_commit -= 1
            raise Transient("the answer was lost")

    def check(self) -> None:
        if self.bench.fail_checks > 0:
            self.bench.fail_checks -= 1
            raise Transient("the broker was away")

    def close(self) -> None:
        self.publisher.close()


@dataclass
class Away:
    """A group that does not answer, so many times."""

    membership: Membership
    times: int

    def poll(self, timeout_seconds: float) -> None:
        if self.times:
            self.times -= 1
            raise Transient("the cluster is away")
        self.membership.poll(timeout_seconds)

    def close(self) -> None:
        self.membership.close()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_every_input_is_published_or_rejected_and_the_cursor_counts_both(bench: Bench) -> None:
    bench.run(Numbers(5, bad=frozenset({1, 4})))
    assert bench.ids() == ["id-0", "id-2", "id-3"]
    assert bench.dead() == [(b"1", "n:1", "invalid"), (b"4", "n:4", "invalid")]
    facts = {"sales.order.v1": 3}
    assert bench.cursor() == CursorRecord({"next": 5}, 5, 3, 2, facts=facts)


def test_a_restart_goes_on_from_the_published_cursor(bench: Bench) -> None:
    bench.run(Numbers(3))
    again = Numbers(6)
    bench.run(again)
    assert again.polled[0] == {"next": 3}
    assert bench.ids() == [f"id-{number}" for number in range(6)]


def test_a_commit_of_unknown_outcome_publishes_nothing_twice(bench: Bench) -> None:
    bench.fail_after_commit = 3
    bench.run(Numbers(8))
    assert bench.ids() == [f"id-{number}" for number in range(8)]
    assert bench.cursor().published == 8


def test_an_idle_source_is_opened_again_where_its_last_commit_may_not_have_lasted(
    bench: Bench,
) -> None:
    bench.fail_checks = 2
    bench.run(Numbers(3))
    assert bench.opened == 3
    assert bench.ids() == ["id-0", "id-1", "id-2"]


def test_what_was_polled_ahead_of_a_commit_that_failed_is_not_published(bench: Bench) -> None:
    bench.fail_before_commit = 2
    source = Numbers(8)
    bench.run(source)
    assert bench.ids() == [f"id-{number}" for number in range(8)]
    assert source.polled[:2] == [None, {"next": 2}]


def test_the_next_batch_is_polled_while_one_is_published(bench: Bench) -> None:
    source = Numbers(4)
    bench.before_commit = lambda: source.asked_again.wait(10)
    bench.run(source)
    assert bench.ids() == [f"id-{number}" for number in range(4)]
    assert source.polled[:2] == [None, {"next": 2}]


def test_a_source_that_does_not_answer_is_waited_for(bench: Bench) -> None:
    bench.run(Numbers(2, away=2))
    assert bench.ids() == ["id-0", "id-1"]


def test_a_group_that_does_not_answer_is_waited_for(bench: Bench) -> None:
    runner = bench.runner(Numbers(2))
    membership = Away(bench.log.membership("group", "cursor.numbers", runner), times=2)
    runner.run(membership, lambda: False, until_idle=True)
    assert (bench.ids(), membership.times) == (["id-0", "id-1"], 0)


def test_nothing_more_is_polled_once_it_was_told_to_stop(bench: Bench) -> None:
    source = Numbers(4)
    runner = bench.runner(source)
    membership = bench.log.membership("group", "cursor.numbers", runner)
    told = iter([False, True, True])  # meanwhile: the group took its time
    runner.run(membership, lambda: next(told))
    assert source.polled == []


def test_a_second_runner_fences_the_first_which_publishes_no_more(bench: Bench) -> None:
    first = bench.runner(Numbers(10))
    first.assigned(0, "topic")
    first._step(0)
    bench.run(Numbers(10))
    first._shards[0].due = 0.0
    with pytest.raises(Fenced):
        first._step(0)
    assert bench.ids() == [f"id-{number}" for number in range(10)]


def test_a_fact_of_a_foreign_system_of_record_is_refused(bench: Bench) -> None:
    bench.run(Numbers(1, source="/services/somebody-else"))
    assert bench.ids() == []
    assert bench.dead() == [(b"0", "n:0", "not_owner")]


def test_a_fact_too_large_for_its_topic_is_refused_with_its_own_row(bench: Bench) -> None:
    bench.max_bytes = 100
    bench.run(Numbers(1))
    assert bench.dead() == [(b"0", "n:0", "too_large")]


def test_an_idle_poll_commits_nothing_and_remembers_its_cursor(bench: Bench) -> None:
    source = Numbers(2)
    bench.run(source)
    assert source.polled == [None, {"next": 2}, {"next": 2}]  # the second one ahead of the commit
    assert len(bench.log.topics["cursor.numbers"].partitions[0]) == 1


def test_a_shard_that_was_handed_over_is_closed(bench: Bench) -> None:
    runner = bench.runner(Numbers(4))
    runner.assigned(0, "topic")
    runner._step(0)
    shard = runner._shards[0]
    runner.revoked(0)
    assert runner._shards == {}
    with pytest.raises(Exception, match="opened before"):
        shard.publisher.publish([], b"")
