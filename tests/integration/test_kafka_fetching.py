"""What is read by whole record batches, where brokers or bytes fail."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from backbone.errors import Fatal, Transient
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.fetch.record_batches import BatchOfRecords, committed
from backbone.kafka.fetch.subscription import FetchingSubscription
from backbone.kafka.publisher import KafkaAppender
from backbone.log import BEGINNING, Message, TopicSpec
from backbone.record import RecordBatch
from cli.stack.stack import Stack


class FromTheBeginning:
    """A listener that reads everything."""

    def assigned(self, partition: int, topic_id: str) -> int:
        del partition, topic_id
        return BEGINNING

    def revoked(self, partition: int) -> None:
        """Nothing is held."""

    lost = revoked


@pytest.mark.kafka
def test_a_broker_that_was_away_is_read_on(stack: Stack, unique: str) -> None:
    base = config.common(stack.up().kafka_bootstrap, {}, unique)
    admin = KafkaTopicAdmin(base)
    admin.create(TopicSpec(unique, 1))
    while not admin.topic_ids([unique]):
        pass
    append(base, unique, [b"1", b"2"])
    subscription = FetchingSubscription(base, unique, unique, FromTheBeginning())
    values: list[bytes | None] = []
    read(subscription, values, lambda: len(values) == 2)
    stack.kill("kafka")
    for _ in range(2):
        read(subscription, values, lambda: True)
    stack.start("kafka")
    append(base, unique, [b"3", b"4"])
    read(subscription, values, lambda: len(values) == 4)
    subscription.close()
    assert values == [b"1", b"2", b"3", b"4"]


def append(base: config.Config, topic: str, values: Sequence[bytes]) -> None:
    appender, left = KafkaAppender(base), True
    while left:
        try:
            appender.append([Message(topic, b"k", each, (), 0) for each in values])
            left = False
        except Transient:
            appender.close()
            appender = KafkaAppender(base)
    appender.close()


def read(
    subscription: FetchingSubscription, values: list[bytes | None], enough: Callable[[], bool]
) -> None:
    while True:
        for event in subscription.poll(100, 0.2):
            values += event.values if isinstance(event, RecordBatch) else []
        if enough():
            return


def written(compression: int) -> BatchOfRecords:
    builder = DefaultRecordBatchBuilder(2, compression, 0, -1, -1, -1, 1 << 20)
    builder.append(0, 1, b"k", b"v" * 1_000, [])
    (batch,) = committed(bytes(builder.build()), ())
    assert isinstance(batch, BatchOfRecords)
    return batch


def test_a_batch_whose_records_are_none_ends_the_reader_and_is_named() -> None:
    batch = written(0)
    damaged = replace(batch, data=batch.data[:61] + b"\x03" + batch.data[62:])
    with pytest.raises(Fatal, match=r"offset 0.*look at the broker's disk"):
        damaged.rows()


def test_a_batch_that_cannot_be_decompressed_ends_the_reader_and_is_named() -> None:
    batch = written(3)
    damaged = replace(batch, data=batch.data[:-20] + bytes(20))
    with pytest.raises(Fatal, match=r"offset 0.*look at the broker's disk"):
        _ = damaged.in_columns
