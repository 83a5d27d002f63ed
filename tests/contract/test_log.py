"""What every log must do, written once; the memory twin and the real Kafka both pass."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from backbone.errors import Fatal, Fenced, Misconfigured, Transient
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.fetch.follower import FetchingFollower
from backbone.kafka.fetch.subscription import FetchingSubscription
from backbone.kafka.follower import KafkaFollower
from backbone.kafka.membership import KafkaMembership
from backbone.kafka.publisher import KafkaAppender, KafkaPublisher
from backbone.kafka.reader import KafkaReader
from backbone.kafka.subscription import KafkaSubscription
from backbone.log import (
    NOTE_BYTES,
    Appender,
    Committed,
    End,
    Follower,
    KeepingSubscription,
    Listener,
    Membership,
    Message,
    Publisher,
    Reader,
    Subscription,
    TopicAdmin,
    TopicSpec,
)
from backbone.memory.follower import MemoryFollower
from backbone.memory.log import MemoryAdmin, MemoryAppender, MemoryLog
from backbone.memory.reader import MemoryReader
from backbone.record import RecordBatch


@dataclass
class Log:
    """One implementation, with topics of this test's own."""

    admin: TopicAdmin
    publisher: Callable[[str, tuple[str, int]], Publisher]
    appender: Callable[[], Appender]
    reader: Callable[[], Reader]
    subscription: Callable[[str, str, Listener], KeepingSubscription]
    membership: Callable[[str, str, Listener], Membership]
    follower: Callable[[str], Follower]
    delete: Callable[[str], Any]
    facts: str
    cursors: str


@dataclass
class Told:
    """A listener that remembers what it was told."""

    start: int = 0
    has: set[int] = field(default_factory=set)
    events: list[str] = field(default_factory=list)

    def assigned(self, partition: int, topic_id: str) -> int:
        assert topic_id
        self.has.add(partition)
        self.events.append(f"assigned {partition}")
        return self.start

    def revoked(self, partition: int) -> None:
        self.has.discard(partition)
        self.events.append(f"revoked {partition}")

    def lost(self, partition: int) -> None:
        self.has.discard(partition)
        self.events.append(f"lost {partition}")


def _memory(unique: str) -> Log:
    log = MemoryLog()
    return Log(
        MemoryAdmin(log),
        log.publisher,
        lambda: MemoryAppender(log),
        lambda: MemoryReader(log),
        log.subscription,
        log.membership,
        lambda topic: MemoryFollower(log, topic),
        log.delete,
        f"{unique}.facts",
        f"cursor.{unique}",
    )


def _kafka(unique: str, bootstrap: str) -> Log:
    base = config.common(bootstrap, {}, unique)
    admin = KafkaTopicAdmin(base)
    return Log(
        admin,
        lambda name, cursor: KafkaPublisher(base, name, cursor, [f"{unique}.facts"]),
        lambda: KafkaAppender(base),
        lambda: KafkaReader(base),
        lambda group, topic, listener: KafkaSubscription(base, group, topic, listener),
        lambda group, topic, listener: KafkaMembership(base, group, topic, listener),
        lambda topic: KafkaFollower(base, topic),
        admin.delete,
        f"{unique}.facts",
        f"cursor.{unique}",
    )


def _by_whole_batches(unique: str, bootstrap: str) -> Log:
    base = config.common(bootstrap, {}, unique)
    return replace(
        _kafka(unique, bootstrap),
        subscription=lambda group, topic, told: FetchingSubscription(base, group, topic, told),
        follower=lambda topic: FetchingFollower(base, topic),
    )


_ON_KAFKA = {"kafka": _kafka, "kafka by whole batches": _by_whole_batches}
_NAMES = ["memory", *(pytest.param(each, marks=pytest.mark.kafka) for each in _ON_KAFKA)]
_READS = {"subscription", "follower", "each_client"}
"""Fixtures of tests that read with what each client of Kafka has of its own."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What does not read is tried on Kafka once."""
    if "log" in metafunc.fixturenames:
        names = _NAMES if _READS & {*metafunc.fixturenames} else _NAMES[:2]
        metafunc.parametrize("log", names, indirect=True)


@pytest.fixture
def log(request: pytest.FixtureRequest, unique: str) -> Log:
    if request.param == "memory":
        made = _memory(unique)
    else:
        bootstrap = request.getfixturevalue("endpoints").kafka_bootstrap
        made = _ON_KAFKA[request.param](unique, bootstrap)
    made.admin.create(TopicSpec(made.facts, 2))
    made.admin.create(TopicSpec(made.cursors, 1, {"cleanup.policy": "compact"}))
    _wait(lambda: len(made.admin.topic_ids([made.facts, made.cursors])) == 2)
    return made


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def each_client() -> None:
    """For a test that makes what it reads with itself."""


@pytest.fixture
def subscription(log: Log, told: Told, unique: str) -> Iterator[KeepingSubscription]:
    made = log.subscription(unique, log.facts, told)
    yield made
    made.close()


def _wait(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"


def _read(
    subscription: Subscription, enough: Callable[[list[RecordBatch], list[End]], bool]
) -> tuple[list[RecordBatch], list[End]]:
    batches: list[RecordBatch] = []
    ends: list[End] = []

    def done() -> bool:
        for event in subscription.poll(100, 0.2):
            if isinstance(event, End):
                ends.append(event)
            else:
                batches.append(event)
        return enough(batches, ends)

    _wait(done)
    return batches, ends


def _values(batches: Sequence[RecordBatch]) -> list[bytes | None]:
    return [value for batch in batches for value in batch.values]


def _fact(log: Log, value: bytes, key: bytes = b"k") -> Message:
    return Message(log.facts, key, value, [("ce_id", b"1")])


def test_a_first_publisher_finds_no_cursor_and_a_second_finds_the_last_one(log: Log) -> None:
    first = log.publisher(f"tx.{log.facts}", (log.cursors, 0))
    assert first.open() is None
    first.publish([_fact(log, b"a")], b"cursor 1")
    first.publish([_fact(log, b"b")], b"cursor 2")
    second = log.publisher(f"tx.{log.facts}", (log.cursors, 0))
    assert second.open() == b"cursor 2"


def test_an_opened_publisher_fences_its_predecessor_whose_facts_never_appear(log: Log) -> None:
    first = log.publisher(f"tx.{log.facts}", (log.cursors, 0))
    first.open()
    first.publish([_fact(log, b"a")], b"1")
    second = log.publisher(f"tx.{log.facts}", (log.cursors, 0))
    second.open()
    with pytest.raises(Fenced):
        first.publish([_fact(log, b"zombie")], b"2")
    second.publish([_fact(log, b"b")], b"2")
    assert [record.value for record in log.reader().scan(log.facts)] == [b"a", b"b"]


def test_publishing_to_a_topic_that_is_not_there_publishes_nothing_at_all(log: Log) -> None:
    publisher = log.publisher(f"tx.{log.facts}", (log.cursors, 0))
    publisher.open()
    with pytest.raises(Misconfigured):
        publisher.publish([_fact(log, b"a"), Message(f"{log.facts}.none", b"k", b"v")], b"1")
    assert list(log.reader().scan(log.facts)) == []
    assert log.publisher(f"tx.{log.facts}", (log.cursors, 0)).open() is None


def test_a_cursor_that_depends_on_the_messages_is_asked_for_once_all_are_taken(log: Log) -> None:
    taken: list[bytes] = []

    def made() -> Iterator[Message]:
        for value in (b"a", b"b"):
            taken.append(value)
            yield _fact(log, value)

    first = log.publisher(f"tx.{log.facts}", (log.cursors, 0))
    first.open()
    first.publish(made(), lambda: b"behind " + b"".join(taken))
    assert log.publisher(f"tx.{log.facts}", (log.cursors, 0)).open() == b"behind ab"


def test_what_making_a_message_raises_comes_through_and_nothing_is_published(log: Log) -> None:
    def made() -> Iterator[Message]:
        yield _fact(log, b"a")
        raise Fatal("the second one cannot be made")

    first = log.publisher(f"tx.{log.facts}", (log.cursors, 0))
    first.open()
    with pytest.raises(Fatal, match="cannot be made"):
        first.publish(made(), b"1")
    first.close()
    assert log.publisher(f"tx.{log.facts}", (log.cursors, 0)).open() is None
    assert list(log.reader().scan(log.facts)) == []


def test_records_of_a_key_come_in_order_from_one_partition_with_their_headers(
    log: Log, subscription: Subscription
) -> None:
    publisher = log.publisher(f"tx.{log.facts}", (log.cursors, 0))
    publisher.open()
    publisher.publish([_fact(log, b"1"), _fact(log, b"2"), _fact(log, b"3")], b"c")
    batches, _ = _read(subscription, lambda batches, _: len(_values(batches)) == 3)
    assert _values(batches) == [b"1", b"2", b"3"]
    assert len({batch.partition for batch in batches}) == 1
    assert list(batches[0].headers[0]) == [("ce_id", b"1")]


def test_an_end_comes_after_the_records_before_it_and_is_told_again(
    log: Log, subscription: Subscription
) -> None:
    log.appender().append([Message(log.facts, b"k", b"v", partition=0)])
    batches, ends = _read(
        subscription, lambda _, ends: len([end for end in ends if end.partition == 0]) > 1
    )
    assert _values(batches) == [b"v"]
    assert {end.offset for end in ends if end.partition == 0} == {1}


@pytest.mark.usefixtures("each_client")
def test_reading_starts_where_the_listener_says(log: Log, unique: str) -> None:
    log.appender().append([Message(log.facts, b"k", bytes([n]), partition=0) for n in range(5)])
    told = Told(start=3)
    subscription = log.subscription(unique, log.facts, told)
    log.appender().append([Message(log.facts, b"k", bytes([n]), partition=1) for n in range(5)])
    batches, _ = _read(subscription, lambda batches, _: len(_values(batches)) == 4)
    assert sorted(offset for batch in batches for offset in batch.offsets) == [3, 3, 4, 4]
    subscription.close()


def test_a_rewound_partition_delivers_again_from_there(
    log: Log, subscription: Subscription
) -> None:
    log.appender().append([Message(log.facts, b"k", bytes([n]), partition=0) for n in range(5)])
    _read(subscription, lambda batches, _: len(_values(batches)) == 5)
    subscription.rewind(0, 2)
    batches, _ = _read(subscription, lambda batches, _: len(_values(batches)) == 3)
    assert [offset for batch in batches for offset in batch.offsets] == [2, 3, 4]


def test_nothing_is_lost_while_a_member_only_stays_alive(
    log: Log, subscription: Subscription
) -> None:
    _read(subscription, lambda _, ends: len(ends) >= 2)
    log.appender().append([Message(log.facts, b"k", b"v", partition=0)])
    subscription.keep_alive(0.5)
    batches, _ = _read(subscription, lambda batches, _: bool(batches))
    assert _values(batches) == [b"v"]


def test_two_members_share_the_partitions_and_one_takes_over_when_the_other_leaves(
    log: Log, unique: str
) -> None:
    first, second = Told(), Told()
    one = log.membership(unique, log.facts, first)
    other = log.membership(unique, log.facts, second)

    def polled(condition: Callable[[], bool]) -> Callable[[], bool]:
        def step() -> bool:
            one.poll(0.05)
            other.poll(0.05)
            return condition()

        return step

    _wait(polled(lambda: len(first.has) == 1 and len(second.has) == 1))
    assert first.has | second.has == {0, 1}
    one.close()
    assert not first.has

    def alone() -> bool:
        other.poll(0.05)
        return second.has == {0, 1}

    _wait(alone)
    other.close()


def test_a_topic_deleted_and_created_again_under_a_reader_is_fatal(
    log: Log, subscription: Subscription
) -> None:
    _read(subscription, lambda _, ends: len(ends) >= 2)
    log.delete(log.facts)
    _wait(lambda: not log.admin.topic_ids([log.facts]))
    log.admin.create(TopicSpec(log.facts, 2))
    _wait(lambda: bool(log.admin.topic_ids([log.facts])))  # until then it is only gone
    with pytest.raises(Fatal, match="created again"):
        _read(subscription, lambda *_: False)


@pytest.mark.usefixtures("each_client")
def test_an_offset_beyond_the_log_is_fatal_and_never_a_silent_jump(log: Log, unique: str) -> None:
    subscription = log.subscription(unique, log.facts, Told(start=7))
    with pytest.raises(Fatal):
        _read(subscription, lambda *_: False)
    subscription.close()


def test_a_scan_reads_from_given_starts_to_the_ends_of_its_call(log: Log) -> None:
    log.appender().append([Message(log.facts, b"k", bytes([n]), partition=0) for n in range(5)])
    found = [record.position.offset for record in log.reader().scan(log.facts, {0: 3})]
    assert found == [3, 4]


def test_the_admin_tells_ends_ids_and_what_is_configured(log: Log) -> None:
    log.appender().append([Message(log.facts, b"k", b"v", partition=1)])
    assert log.admin.ends(log.facts) == {0: 0, 1: 1}
    log.admin.configure(log.facts, {"retention.ms": "1234567"})
    _wait(lambda: log.admin.describe([log.facts])[log.facts].config["retention.ms"] == "1234567")
    state = log.admin.describe([log.facts, f"{log.facts}.none"])
    assert list(state) == [log.facts]
    assert state[log.facts].partitions == 2


def test_creating_a_topic_that_exists_leaves_it_as_it_is(log: Log) -> None:
    before = log.admin.topic_ids([log.facts])
    log.admin.create(TopicSpec(log.facts, 8))
    assert log.admin.topic_ids([log.facts]) == before


def test_a_scan_passes_over_keys_that_are_not_wanted(log: Log) -> None:
    messages = [Message(log.facts, key, b"v", partition=0) for key in (b"a", b"b", b"a", None)]
    log.appender().append(messages)

    found = log.reader().scan(log.facts, None, lambda key: key == b"a")

    assert [record.position.offset for record in found] == [0, 2]


def test_offsets_are_found_by_time(log: Log) -> None:
    appender = log.appender()
    appender.append([Message(log.facts, b"k", b"1", partition=0)])
    _wait(lambda: time.time() * 1000 > _newest_ms(log) + 1)
    between = _newest_ms(log) + 1
    appender.append([Message(log.facts, b"k", b"2", partition=0)])

    assert log.admin.offsets_at(log.facts, between)[0] == 1
    assert log.admin.offsets_at(log.facts, 0) == log.admin.starts(log.facts) == {0: 0, 1: 0}
    assert log.admin.offsets_at(log.facts, _newest_ms(log) + 60_000) == log.admin.ends(log.facts)


def _newest_ms(log: Log) -> int:
    return [record.timestamp_ms for record in log.reader().scan(log.facts)][-1]


def test_the_newest_record_is_found_behind_any_number_of_transactions(log: Log) -> None:
    publisher = log.publisher(f"tx.{log.facts}", (log.cursors, 0))
    publisher.open()
    assert log.reader().newest(log.cursors, 0) is None
    for number in range(40):
        publisher.publish([], b"%d" % number)
    assert log.reader().newest(log.cursors, 0) == b"39"


@pytest.mark.parametrize("tail", [1, 16])
def test_the_newest_of_several_are_found_at_once(
    log: Log, tail: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a tail of one there is nothing in it but what ended a transaction."""
    monkeypatch.setattr("backbone.kafka.reader._TAIL", tail)
    publisher = log.publisher(f"tx.{log.facts}", (log.cursors, 0))
    publisher.open()
    for number in range(20):
        publisher.publish([Message(log.facts, b"k", b"%d" % number, partition=1)], b"cursor")

    assert log.reader().newest_of(log.facts, [0, 1]) == {0: None, 1: b"19"}
    assert log.reader().newest_of(log.facts, []) == {}


def _until(subscription: KeepingSubscription, told: Told, partitions: set[int]) -> None:
    def ours() -> bool:
        subscription.poll(1, 0.1)
        return told.has == partitions

    _wait(ours)


def test_a_group_keeps_an_offset_and_a_note_beside_it(
    log: Log, subscription: KeepingSubscription, told: Told, unique: str
) -> None:
    _until(subscription, told, {0, 1})
    assert subscription.committed(0) is None

    subscription.commit(0, 7, "pending:7-9::é")
    assert subscription.committed(0) == Committed(7, "pending:7-9::é")
    subscription.commit(0, 10, "")
    subscription.close()

    next_one = log.subscription(unique, log.facts, Told())
    assert next_one.committed(0) == Committed(10, "")
    assert next_one.committed(1) is None
    next_one.close()


def test_a_note_may_be_as_long_as_is_said_and_no_longer(
    subscription: KeepingSubscription, told: Told
) -> None:
    _until(subscription, told, {0, 1})

    subscription.commit(0, 1, "x" * NOTE_BYTES)
    with pytest.raises(Fatal):
        subscription.commit(0, 2, "x" * (NOTE_BYTES + 1))

    assert subscription.committed(0) == Committed(1, "x" * NOTE_BYTES)


def test_who_has_lost_a_partition_commits_nothing_there(
    log: Log, subscription: KeepingSubscription, told: Told, unique: str
) -> None:
    _until(subscription, told, {0, 1})
    subscription.commit(0, 3, "ours")
    told_other = Told()
    other = log.subscription(unique, log.facts, told_other)
    try:

        def shared() -> bool:
            subscription.poll(1, 0.05)
            other.poll(1, 0.05)
            return len(told.has) == len(told_other.has) == 1

        _wait(shared)
        (theirs,) = told_other.has
        other.commit(theirs, 5, "theirs")
        with pytest.raises(Transient):
            subscription.commit(theirs, 1, "a zombie's")

        assert other.committed(theirs) == Committed(5, "theirs")
    finally:
        other.close()


# following


@pytest.fixture
def follower(log: Log) -> Iterator[Follower]:
    made = log.follower(log.facts)
    yield made
    made.close()


def _followed(
    follower: Follower, count: int, at_once: int = 100
) -> list[tuple[int, int, bytes | None]]:
    """Partition, offset and value of so many records."""
    found: list[tuple[int, int, bytes | None]] = []

    def enough() -> bool:
        for batch in follower.poll(at_once, 0.2):
            assert len(batch) <= at_once
            found.extend(
                (batch.partition, offset, value)
                for offset, value in zip(batch.offsets, batch.values, strict=True)
            )
        return len(found) >= count

    _wait(enough)
    return found


def test_a_follower_is_given_what_comes_in_the_partitions_it_started(
    log: Log, follower: Follower
) -> None:
    appender = log.appender()
    appender.append([Message(log.facts, b"k", b"0", partition=0)])
    follower.start(0, 0)
    assert _followed(follower, 1) == [(0, 0, b"0")]

    appender.append([Message(log.facts, b"k", each, partition=1) for each in (b"a", b"b")])
    appender.append([Message(log.facts, b"k", b"1", partition=0)])
    assert _followed(follower, 1) == [(0, 1, b"1")]
    follower.start(1, 1)
    assert _followed(follower, 1) == [(1, 1, b"b")]


def test_a_follower_goes_back_when_it_is_started_again_and_ends_when_it_is_stopped(
    log: Log, follower: Follower
) -> None:
    appender = log.appender()
    appender.append([Message(log.facts, b"k", b"%d" % n, partition=0) for n in range(3)])
    follower.start(0, 0)
    _followed(follower, 3)
    follower.start(0, 1)
    assert _followed(follower, 2) == [(0, 1, b"1"), (0, 2, b"2")]

    follower.stop(0)
    follower.start(1, 0)
    appender.append([Message(log.facts, b"k", b"x", partition=p) for p in (0, 1)])
    assert _followed(follower, 1) == [(1, 0, b"x")]


@pytest.mark.parametrize("at_once", [1, 7, 130, 1_000])
def test_a_follower_gives_each_record_once_however_few_a_poll_takes(
    log: Log, follower: Follower, at_once: int
) -> None:
    """Also those of a partition that is started again, or let go, in the midst."""
    rows = [(partition, b"%d" % n) for partition in (0, 1) for n in range(300)]
    log.appender().append([Message(log.facts, b"k", value, partition=at) for at, value in rows])
    expected = {at: [(at, n, b"%d" % n) for n in range(300)] for at in (0, 1)}
    follower.start(0, 0)
    follower.start(1, 0)

    _followed(follower, 300, at_once)
    follower.start(0, 0)
    follower.start(1, 0)
    found = _followed(follower, 600, at_once)
    assert {at: [each for each in found if each[0] == at] for at in (0, 1)} == expected

    follower.start(0, 0)
    follower.start(1, 0)
    _followed(follower, 300, at_once)
    follower.stop(1)
    follower.start(0, 0)
    assert _followed(follower, 300, at_once) == expected[0]


def test_a_follower_s_batch_says_which_topic_it_is(log: Log, follower: Follower) -> None:
    log.appender().append([Message(log.facts, b"k", b"0", [("a", b"b")], partition=0)])
    follower.start(0, 0)
    batches: list[RecordBatch] = []

    def read() -> bool:
        batches.extend(follower.poll(100, 0.2))
        return bool(batches)

    _wait(read)
    assert batches[0].topic_id == log.admin.topic_ids([log.facts])[log.facts]
    assert list(batches[0].headers[0]) == [("a", b"b")]


def test_a_follower_is_given_no_more_than_it_asks_for(log: Log, follower: Follower) -> None:
    log.appender().append([Message(log.facts, b"k", b"v", partition=0) for _ in range(5)])
    follower.start(0, 0)
    sizes: list[int] = []

    def read() -> bool:
        sizes.extend(len(batch) for batch in follower.poll(2, 0.2))
        return sum(sizes) == 5

    _wait(read)
    assert max(sizes) <= 2
