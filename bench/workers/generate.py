"""An open-loop generator: a fact is due at its instant, whatever became of those before it."""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from backbone.envelope import to_headers
from backbone.errors import Fatal
from backbone.kafka import config
from bench.facts.prices import PRICE, price_facts
from bench.process import serve
from cli import wiring

_SECONDS = 30.0


def generate(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`count` prices to `topic`, `rate` a second; gives per fact its partition and offset, and
    when it was due (nanoseconds of the monotonic clock)."""
    count, topic, rate = arguments["count"], arguments["topic"], arguments["rate"]
    codec, contract = wiring.codec(), wiring.contracts()[PRICE]
    codec.check([PRICE])
    ready: list[tuple[bytes, bytes, Any]] = [
        (fact.key.encode(), codec.encode(fact), [*to_headers(fact.envelope, contract.ce_type)])
        for fact in price_facts(count, arguments["keys"])
    ]
    producer, rest = Producer(_settings()), threading.Event()
    producer.list_topics(topic)
    placed: list[tuple[int, int, int]] = []
    start = time.monotonic_ns() + 200_000_000

    def told(due: int) -> Any:
        def report(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                raise Fatal(f"a fact was not delivered: {error.str()}")
            placed.append((message.partition() or 0, message.offset() or 0, due))

        return report

    for number, (key, value, headers) in enumerate(ready):
        due = start + number * 1_000_000_000 // rate
        while (left := due - time.monotonic_ns()) > 0:
            producer.poll(0)
            rest.wait(min(left / 1e9, 0.001))
        producer.produce(topic, value=value, key=key, headers=headers, on_delivery=told(due))
        producer.poll(0)
    producer.flush(_SECONDS)
    return {"placed": placed, "at": datetime.now(UTC).isoformat()}


def _settings() -> config.Config:
    """A source's, but that each delivery is told: where a fact stands is what is asked for."""
    return {**config.producer(wiring.kafka("bench")), "delivery.report.only.error": False}


if __name__ == "__main__":
    serve(generate)
