"""Dead letters to measure with: every fact of a topic, as a processor that refuses all parks it."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from backbone.dead_letters import from_record
from backbone.errors import Poison, PoisonReason
from backbone.kafka.publisher import KafkaAppender
from backbone.log import Message
from bench.process import serve
from cli import wiring

_AT_A_TIME = 5_000
_CAUSES = (
    Poison(PoisonReason.HANDLER_FAILED, "orders raised KeyError at line 51"),
    Poison(PoisonReason.HANDLER_FAILED, "orders raised ValueError at line 57"),
    Poison(PoisonReason.OUT_OF_DOMAIN, "quantity: 17 is more than the contract allows"),
    Poison(PoisonReason.TRAILING_BYTES, "3 bytes are left over behind the payload"),
    Poison(PoisonReason.UNKNOWN_SCHEMA, "the registry does not know schema 4711"),
)


def park(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`topic`, to the dead letters of `processor`."""
    made, parked = _letters(arguments["processor"], arguments["topic"]), 0
    with closing(KafkaAppender(wiring.kafka("bench-park"))) as appender:
        while some := list(islice(made, _AT_A_TIME)):
            appender.append(some)
            parked += len(some)
    return {"letters": parked, "causes": len(_CAUSES)}


def _letters(processor: str, topic: str) -> Iterator[Message]:
    now = datetime.now(UTC)
    with closing(wiring.reader()) as reader:
        for number, record in enumerate(reader.scan(topic)):
            yield from_record(processor, record, _CAUSES[number % len(_CAUSES)], now)


if __name__ == "__main__":
    serve(park)
