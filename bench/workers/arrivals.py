"""Ceiling: when the bare client, with our subscription's settings, has each record in hand.

Says `ready` once it reads at the ends; gives (partition, next offset, instant) steps as JSON.
"""

import json
import sys
import time

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from backbone import logs
from backbone.kafka import config
from backbone.runner import Pace
from cli import wiring


def main() -> None:
    logs.configure("warning", human=False)
    topic, count = sys.argv[1], int(sys.argv[2])

    def assigned(consumer: Consumer, places: list[TopicPartition]) -> None:
        for place in places:
            place.offset = OFFSET_END
        consumer.incremental_assign(places)

    consumer = Consumer(config.member(wiring.kafka("bench"), f"{wiring.settings().app}.arrivals"))
    consumer.subscribe([topic], on_assign=assigned)
    steps: list[tuple[int, int, int]] = []
    at_end, most = set[int](), Pace().max_records
    while len(steps) < count:
        first = consumer.poll(0.5)
        messages = [] if first is None else [first, *consumer.consume(most, 0)]
        now = time.monotonic_ns()
        steps += [
            (message.partition() or 0, (message.offset() or 0) + 1, now)
            for message in messages
            if message.error() is None
        ]
        ends = {message.partition() or 0 for message in messages if message.error() is not None}
        if not ends <= at_end:
            at_end |= ends
            _say_ready(at_end)
    consumer.close()
    sys.stdout.write(json.dumps(steps) + "\n")


def _say_ready(at_end: set[int]) -> None:
    if len(at_end) == 4:  # noqa: PLR2004 - the partitions of every topic of the reference domain
        sys.stdout.write("ready\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
