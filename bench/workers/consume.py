"""Ceiling: the bare client reads a topic with the settings of our own subscription."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from backbone.kafka import config
from backbone.runner import Pace
from bench.process import Stopwatch, serve
from cli import wiring


def consume(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`count` records of `topic`; timed from the assignment to the last record."""
    topic, count, watch = arguments["topic"], arguments["count"], Stopwatch()

    def assigned(consumer: Consumer, places: list[TopicPartition]) -> None:
        for place in places:
            place.offset = OFFSET_BEGINNING
        consumer.incremental_assign(places)
        watch.start()

    consumer = Consumer(config.member(wiring.kafka("bench"), f"{wiring.settings().app}.consume"))
    consumer.subscribe([topic], on_assign=assigned)
    seen, most = 0, Pace().max_records
    while seen < count:
        first = consumer.poll(0.5)
        messages = [] if first is None else [first, *consumer.consume(most, 0)]
        seen += sum(1 for message in messages if message.error() is None and message.value())
    watch.stop()
    consumer.close()
    return watch.figures(seen)


if __name__ == "__main__":
    serve(consume)
