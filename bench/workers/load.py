"""Load: seeded facts into their topic, encoded and published in transactions, as a source does."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from backbone.codec.codec import Codec
from backbone.envelope import to_headers
from backbone.errors import Fatal
from backbone.fact import Fact
from backbone.kafka import config
from bench.facts.orders import FoldedOrders, order_facts
from bench.facts.prices import LatestPrices, price_facts
from bench.process import serve
from cli import wiring

_TRANSACTION = 5_000
_SECONDS = 30.0
_INSTANT_BYTES = 8  # of effective_at, the last field of a price
_BLOCK_MICROS = 86_400_000_000

Ready = tuple[bytes, bytes, list[tuple[str, str | bytes | None]]]


class _Delivered:
    """Where the last record of each partition stands."""

    def __init__(self) -> None:
        self.next_offsets: dict[int, int] = {}

    def report(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            raise Fatal(f"a fact was not delivered: {error.str()}")
        partition, offset = message.partition() or 0, message.offset() or 0
        self.next_offsets[partition] = max(self.next_offsets.get(partition, 0), offset + 1)


def load(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`facts`: prices or orders, `count` of them, over `keys`; `blocks` times, each a day later;
    what the view must hold in the end goes to the file `expected`."""
    codec, contracts = wiring.codec(), wiring.contracts()
    facts, folded = _facts(arguments)
    codec.check(list(contracts))
    topic, ready = "", list[Ready]()
    for fact in facts:
        folded.add(fact)
        topic = contracts[fact.type].topic
        ready.append(_ready(codec, fact, contracts[fact.type].ce_type))
    Path(arguments["expected"]).write_text(json.dumps(folded.documents()))
    settings = config.transactional(wiring.kafka("bench-load"), "bench-load")
    producer = Producer({**settings, "delivery.report.only.error": False})
    producer.init_transactions(_SECONDS)
    delivered = _Delivered()
    for block in range(arguments.get("blocks", 1)):
        _publish(producer, topic, _later(ready, block), delivered)
    sizes = [len(key) + len(value) + _size(headers) for key, value, headers in ready]
    return {
        "next_offsets": delivered.next_offsets,
        "value_bytes": sum(len(value) for _, value, _ in ready) / len(ready),
        "record_bytes": sum(sizes) / len(sizes),
        "headers": len(ready[0][2]),
    }


def _facts(arguments: Mapping[str, Any]) -> tuple[Iterator[Fact], LatestPrices | FoldedOrders]:
    if arguments["facts"] == "prices":
        return price_facts(arguments["count"], arguments["keys"]), LatestPrices()
    return order_facts(arguments["count"]), FoldedOrders()


def _ready(codec: Codec, fact: Fact, ce_type: str) -> Ready:
    return fact.key.encode(), codec.encode(fact), [*to_headers(fact.envelope, ce_type)]


def _later(ready: list[Ready], block: int) -> Iterator[Ready]:
    if not block:
        yield from ready
        return
    for key, value, headers in ready:
        cut = len(value) - _INSTANT_BYTES
        instant = _zigzag(value[cut:]) + block * _BLOCK_MICROS
        yield key, value[:cut] + _varint(instant), headers


def _publish(producer: Producer, topic: str, facts: Iterator[Ready], delivered: _Delivered) -> None:
    while some := list(islice(facts, _TRANSACTION)):
        producer.begin_transaction()
        for key, value, headers in some:
            producer.produce(
                topic, value=value, key=key, headers=headers, on_delivery=delivered.report
            )
        producer.commit_transaction(_SECONDS)


def _zigzag(data: bytes) -> int:
    raw = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(data))
    return (raw >> 1) ^ -(raw & 1)


def _varint(number: int) -> bytes:
    left, out = number << 1, bytearray()
    while left > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def _size(headers: list[tuple[str, str | bytes | None]]) -> int:
    return sum(len(name) + len(value or b"") for name, value in headers)


if __name__ == "__main__":
    serve(load)
