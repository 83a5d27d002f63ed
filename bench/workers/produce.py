"""Ceiling: the bare client publishes the very bytes and headers that stand in a topic, in
transactions as large as a source's, with a source's settings."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from backbone.kafka import config
from bench.process import Stopwatch, serve
from cli import wiring

_SECONDS = 30.0

Ready = tuple[bytes | None, bytes | None, Any]


def produce(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`count` records of `source` again into `target`, `batch` at a time."""
    ready = _read(arguments["source"], arguments["count"])
    target, batch = arguments["target"], arguments["batch"]
    producer = Producer(config.transactional(wiring.kafka("bench"), "bench-produce"))
    producer.init_transactions(_SECONDS)
    watch = Stopwatch()
    for start in range(0, len(ready), batch):
        producer.begin_transaction()
        for key, value, headers in ready[start : start + batch]:
            producer.produce(target, value=value, key=key, headers=headers)
        producer.commit_transaction(_SECONDS)
    watch.stop()
    return watch.figures(len(ready))


def _read(topic: str, count: int) -> list[Ready]:
    consumer = Consumer(config.reader(wiring.kafka("bench"), "bench-read"))
    partitions = consumer.list_topics(topic).topics[topic].partitions
    consumer.assign([TopicPartition(topic, each, OFFSET_BEGINNING) for each in partitions])
    ready: list[Ready] = []
    while len(ready) < count:
        ready += [
            (each.key(), each.value(), each.headers() or [])
            for each in consumer.consume(10_000, 0.1)
            if each.error() is None
        ]
    consumer.close()
    return ready


if __name__ == "__main__":
    serve(produce)
