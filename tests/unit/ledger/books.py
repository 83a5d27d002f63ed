"""A small log that a test describes: counted things, each with the number that it tells."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backbone.envelope import to_headers
from backbone.errors import Poison, PoisonReason
from backbone.fact import Envelope, Fact, LogPosition
from backbone.ledger.interval import Stretch
from backbone.ledger.topic_scan import TopicScan, scan
from backbone.log import Message, TopicSpec
from backbone.memory.log import MemoryAdmin, MemoryAppender, MemoryLog
from backbone.memory.reader import MemoryReader
from backbone.record import Headers, Record

TOPIC = "shop.count.v1"
TYPE = "shop.Counted"
SOURCE = "/services/shop"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Json:
    """A decoder of JSON texts."""

    def decode(
        self, value: bytes | None, topic: str, headers: Headers = ()
    ) -> tuple[str, dict[str, Any]]:
        assert topic == TOPIC
        del headers
        try:
            found: dict[str, Any] = json.loads((value or b"").partition(b"}")[2])
        except ValueError:
            raise Poison(PoisonReason.UNDECODABLE, "no JSON") from None
        return TYPE, found

    def order_version(self, type_name: str, data: Mapping[str, Any], offset: int) -> int:
        del type_name, data
        return offset


def value(**data: Any) -> bytes:
    return b"{---}" + json.dumps(data).encode()  # five bytes in front name the schema


def envelope(number: int) -> Envelope:
    return Envelope(f"id-{number}", SOURCE, NOON, f"{number:020d}")


def message(number: int, **data: Any) -> Message:
    told = {"key": f"K{number}", "amount": number, **data}
    headers = to_headers(envelope(number), f"{TYPE}.v1")
    return Message(TOPIC, told["key"].encode(), value(**told), headers, 0)


def fact(number: int, **data: Any) -> Fact:
    told = {"key": f"K{number}", "amount": number, **data}
    return Fact(TYPE, told["key"], told, envelope(number))


class Books:
    """One partition, to which each call appends at a second of its own."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.admin = MemoryAdmin(self.log)
        self.admin.create(TopicSpec(TOPIC, 1))
        self.reader = MemoryReader(self.log)
        self.second = 0

    def append(self, *messages: Message) -> int:
        """Give the time in ms at which they stand there."""
        MemoryAppender(self.log).append(messages)
        self.second += 1
        rows = self.log.topic(TOPIC).partitions[0]
        for at in range(len(rows) - len(messages), len(rows)):
            rows[at] = _at(rows[at], self.second * 1000)
        return self.second * 1000

    @property
    def topic_id(self) -> str:
        return self.admin.topic_ids([TOPIC])[TOPIC]

    def records(self) -> list[Record]:
        return list(self.reader.scan(TOPIC))

    def scanned(self, first: int = 0, start: int = 0) -> TopicScan:
        end = self.admin.ends(TOPIC)[0]
        stretches = {0: Stretch(first, end, start)}
        return scan(self.reader, TOPIC, stretches, Json(), lambda *_: None)


def _at(record: Record, timestamp_ms: int) -> Record:
    return Record(record.position, record.key, record.value, record.headers, timestamp_ms)


def standing(number: int, offset: int, **data: Any) -> Fact:
    """A fact as it stands in the log."""
    told = fact(number, **data)
    place = LogPosition("t", TOPIC, 0, offset)
    return Fact(told.type, told.key, told.data, told.envelope, None, place, offset, NOON)
