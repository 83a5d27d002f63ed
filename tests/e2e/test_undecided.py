"""What a broker left undecided when it restarted is decided before its source goes on.

Brokers of Kafka 4.3.0 and 4.3.1 do so now and then (docs/decisions/0016). Here the transaction
coordinator is told that the open transaction is complete, as that fault tells it.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka import KafkaException, Producer

from backbone.errors import Transient
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.publisher import KafkaAppender, KafkaPublisher
from backbone.kafka.reader import KafkaReader
from backbone.log import Message, TopicSpec
from backbone.record import Record
from cli.stack.stack import Endpoints, Stack

pytestmark = pytest.mark.kafka

STATES = "__transaction_state"
COMPLETE_COMMIT = 4  # TransactionState of Kafka's coordinator
STATUS_AT = struct.calcsize(">hqhi")  # behind version, producer id, its epoch and its time-out


@dataclass(frozen=True)
class Topics:
    """Of one source: its facts in two partitions, and its cursor."""

    base: config.Config
    admin: KafkaTopicAdmin
    facts: str
    cursors: str

    def undecided(self) -> tuple[list[int], list[int]]:
        return self.admin.undecided(self.cursors), self.admin.undecided(self.facts)


@pytest.fixture
def topics(endpoints: Endpoints, unique: str) -> Topics:
    base = config.common(endpoints.kafka_bootstrap, {}, unique)
    made = Topics(base, KafkaTopicAdmin(base), f"{unique}.facts", f"cursor.{unique}")
    made.admin.create(TopicSpec(made.facts, 2))
    made.admin.create(TopicSpec(made.cursors, 1, {"cleanup.policy": "compact"}))
    while len(made.admin.topic_ids([made.facts, made.cursors])) < 2:
        pass
    return made


@pytest.fixture
def reader(topics: Topics) -> Iterator[KafkaReader]:
    made = KafkaReader(topics.base)
    yield made
    made.close()


@pytest.fixture
def publisher(topics: Topics) -> Iterator[KafkaPublisher]:
    """It has published one fact."""
    cursor = (topics.cursors, 0)
    made = KafkaPublisher(topics.base, f"{topics.cursors}-0", cursor, [topics.facts])
    made.open()
    made.publish([Message(topics.facts, b"k", b"first", (), 0)], b"behind first")
    yield made
    made.close()


@contextmanager
def _in_mid_transaction(
    topics: Topics, name: str, *places: tuple[str, bytes, int]
) -> Iterator[None]:
    """A producer of that name has written these values to their partitions."""
    patient = {"transaction.timeout.ms": 60_000}
    producer = Producer(config.transactional(topics.base, name) | patient)
    producer.init_transactions(10)
    producer.begin_transaction()
    for topic, value, partition in places:
        producer.produce(topic, value, b"k", partition)
    producer.flush(10)
    try:
        yield
    finally:
        with suppress(KafkaException):  # fenced
            producer.abort_transaction(10)


def _predecessor(topics: Topics) -> AbstractContextManager[None]:
    """It has written to both partitions of the facts and behind them."""
    return _in_mid_transaction(
        topics,
        f"{topics.cursors}-0",
        (topics.facts, b"second", 0),
        (topics.facts, b"third", 1),
        (topics.cursors, b"behind third", 0),
    )


def _tell_coordinator(topics: Topics, reader: KafkaReader, what: Callable[[bytes], Any]) -> None:
    """The newest state of this source's transaction once more, changed. Kafka takes what is for
    topics of its own only from clients of this id."""
    *_, newest = (each for each in reader.scan(STATES) if _is_about(each, f"{topics.cursors}-0"))
    assert newest.value is not None
    appender = KafkaAppender({**topics.base, "client.id": "__admin_client"})
    changed = what(newest.value)
    appender.append([Message(STATES, newest.key, changed, (), newest.position.partition)])
    appender.close()


def _complete(state: bytes) -> bytes:
    return state[:STATUS_AT] + bytes([COMPLETE_COMMIT]) + state[STATUS_AT + 1 :]


def _forgotten(_: bytes) -> None:
    """A transactional id that nobody knows any more: its next producer has another producer id."""


def _is_about(record: Record, name: str) -> bool:
    return record.value is not None and (record.key or b"").endswith(name.encode())


def _restart(stack: Stack, topics: Topics) -> None:
    stack.kill("kafka")
    stack.up()
    while True:
        with suppress(Transient):  # it leads its partitions a moment after it answers
            topics.undecided()
            return


def _published(topics: Topics, reader: KafkaReader) -> list[bytes | None]:
    while any(topics.undecided()):  # markers are written behind the answer
        pass
    return [each.value for each in reader.scan(topics.facts)]


def test_a_transaction_that_kafka_left_undecided_is_aborted_before_the_next(
    stack: Stack, topics: Topics, reader: KafkaReader, publisher: KafkaPublisher
) -> None:
    facts = topics.facts
    publisher.close()
    with _predecessor(topics):
        _tell_coordinator(topics, reader, _complete)
        _restart(stack, topics)
        assert topics.undecided() == ([0], [0, 1])
        assert publisher.open() == b"behind first"
        again = [Message(facts, b"k", b"second", (), 0), Message(facts, b"l", b"third", (), 1)]
        publisher.publish(again, b"behind third")
        assert _published(topics, reader) == [b"first", b"second", b"third"]


def test_what_stays_undecided_is_told_with_the_tool_that_decides_it(
    stack: Stack, topics: Topics, reader: KafkaReader, publisher: KafkaPublisher
) -> None:
    publisher.close()
    with _predecessor(topics):
        _tell_coordinator(topics, reader, _forgotten)
        _restart(stack, topics)
        with pytest.raises(Transient, match=r"find it by `kafka-transactions\.sh find-hanging`"):
            publisher.open()


def test_a_publisher_whose_broker_was_away_looks_whether_all_is_decided(
    stack: Stack, topics: Topics, reader: KafkaReader, publisher: KafkaPublisher
) -> None:
    second = [Message(topics.facts, b"k", b"second", (), 0)]
    with _in_mid_transaction(topics, "another", (topics.cursors, b"a stranger's", 0)):
        publisher.check()  # it lost no broker
        _restart(stack, topics)
        with pytest.raises(Transient, match="left a transaction undecided"):
            publisher.check()
        with pytest.raises(Transient, match="left a transaction undecided"):
            publisher.publish(second, b"behind second")
    assert _published(topics, reader) == [b"first"]
    publisher.check()
    publisher.publish(second, b"behind second")
    assert _published(topics, reader) == [b"first", b"second"]
