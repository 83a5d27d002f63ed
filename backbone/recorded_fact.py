"""A record of the log as the fact it holds: whole, at once, for those who look at few of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from backbone.contracts.domain import EPOCH
from backbone.envelope import from_headers
from backbone.errors import Poison, PoisonReason
from backbone.fact import Fact
from backbone.partitioner import partition_of
from backbone.record import Headers, Record


class Decoder(Protocol):
    """The codec, as far as single facts need it."""

    def decode(
        self, value: bytes | None, topic: str, headers: Headers = ()
    ) -> tuple[str, dict[str, Any]]: ...

    def order_version(self, type_name: str, data: Mapping[str, Any], offset: int) -> int: ...


def fact_of(record: Record, decoder: Decoder, partitions: int) -> Fact:
    """Raises Poison for what no view of this topic would take, and Transient while the registry
    is away. `partitions`: how many the topic has."""
    position = record.position
    type_name, data = decoder.decode(record.value, position.topic, record.headers)
    published_at = instant(record.timestamp_ms)
    return Fact(
        type=type_name,
        key=_key(record.key, position.partition, partitions),
        data=data,
        envelope=from_headers(record.headers, published_at),
        position=position,
        order_version=decoder.order_version(type_name, data, position.offset),
        published_at=published_at,
    )


def instant(timestamp_ms: int) -> datetime:
    """A record's timestamp; a producer's own clock may stand beyond all years."""
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC) if timestamp_ms > 0 else EPOCH


def _key(key: bytes | None, partition: int, partitions: int) -> str:
    if not key:
        raise Poison(PoisonReason.BAD_KEY, "the record has no key")
    try:
        text = key.decode()
    except UnicodeDecodeError as error:
        raise Poison(PoisonReason.BAD_KEY, "the key is not UTF-8") from error
    if partition_of(key, partitions) != partition:
        raise Poison(PoisonReason.BAD_KEY, "the record stands in another partition than its key's")
    return text
