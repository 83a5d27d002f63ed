"""What a broker left undecided when it restarted is decided before its source goes on.

Brokers of Kafka 4.3 do so once in a hundred restarts or so (docs/decisions/0016). Here the
transaction coordinator is told that the open transaction is complete, as that fault tells it.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest
from confluent_kafka import Producer

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
def _cut_off(topics: Topics) -> Iterator[None]:
    """A predecessor in mid-transaction: both partitions of the facts and the cursor are written."""
    producer = Producer(config.transactional(topics.base, f"{topics.cursors}-0"))
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(topics.facts, b"second", b"k", 0)
    producer.produce(topics.facts, b"third", b"l", 1)
    producer.produce(topics.cursors, b"behind third", b"shard", 0)
    producer.flush(10)
    yield
    producer.purge()


def _call_complete(topics: Topics, reader: KafkaReader) -> None:
    """The newest state of this transaction once more, as complete. Kafka takes what is for topics
    of its own only from clients of this id."""
    *_, newest = (each for each in reader.scan(STATES) if _is_about(each, f"{topics.cursors}-0"))
    assert newest.value is not None
    before, behind = newest.value[:STATUS_AT], newest.value[STATUS_AT + 1 :]
    complete = before + bytes([COMPLETE_COMMIT]) + behind
    appender = KafkaAppender({**topics.base, "client.id": "__admin_client"})
    appender.append([Message(STATES, newest.key, complete, (), newest.position.partition)])
    appender.close()


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
    with _cut_off(topics):
        _call_complete(topics, reader)
        _restart(stack, topics)
        assert topics.undecided() == ([0], [0, 1])
        assert publisher.open() == b"behind first"
        again = [Message(facts, b"k", b"second", (), 0), Message(facts, b"l", b"third", (), 1)]
        publisher.publish(again, b"behind third")
    assert _published(topics, reader) == [b"first", b"second", b"third"]


def test_a_publisher_that_was_cut_off_opens_again_before_it_goes_on(
    stack: Stack, topics: Topics, reader: KafkaReader, publisher: KafkaPublisher
) -> None:
    second = [Message(topics.facts, b"k", b"second", (), 0)]
    _restart(stack, topics)
    with pytest.raises(Transient, match="Kafka was away for a moment"):
        publisher.check()
    with pytest.raises(Transient, match="Kafka was away for a moment"):
        publisher.publish(second, b"behind second")
    assert publisher.open() == b"behind first"
    publisher.check()
    publisher.publish(second, b"behind second")
    assert _published(topics, reader) == [b"first", b"second"]
