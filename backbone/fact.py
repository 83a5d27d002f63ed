"""Fact: something that happened, immutable, with its envelope and where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backbone.documents import Shown, shown


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Where a record stands in Kafka. The topic id is part of it: a recreated topic restarts."""

    topic_id: str
    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Origin:
    """The input a fact was made from, as its source read it.

    `position` is for people and `explain` ("prices.csv:17", "outbox:4711"); `value` and `key` are
    the input's own bytes, kept for the dead letters; `columns` names the fields of a text row;
    `row` is what else the source must know to make the input's fact again, in its own words.
    """

    position: str
    value: bytes
    key: bytes | None = None
    columns: tuple[str, ...] = ()
    row: bytes | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """The CloudEvents attributes that cannot be derived from topic, key, timestamp or schema id.

    `id` is unique per distinct fact of `source`: the outbox row's UUID, or UUIDv5 of natural key
    and version where the source can be re-read. `sequence` is the source position, zero-padded so
    that it sorts as text. `time` is when it happened in the source, aware and UTC.
    """

    id: str
    source: str
    time: datetime
    sequence: str
    subject: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `type` is the Avro full name; `key` the aggregate id; `data` the record's fields.

    A source sets `origin`; a reader sets `position`, `order_version` (orders the facts of one key:
    the contract's business version, or the log offset) and `published_at` (broker timestamp, UTC).
    """

    type: str
    key: str
    data: Mapping[str, Any]
    envelope: Envelope
    origin: Origin | None = field(default=None, compare=False)
    position: LogPosition | None = field(default=None, compare=False)
    order_version: int = field(default=0, compare=False)
    published_at: datetime | None = field(default=None, compare=False)

    def shown(self, name: str, *members: str) -> Shown:
        """A field as documents show it, for a view that only passes it on: where many facts are
        read at once its text is made of all of them at once. Of an object, or of each object in
        a list, only these members, in this order. Raises KeyError for what is not there."""
        return shown(self.data[name], members)

    def each(self, name: str, member: str) -> Sequence[Any]:
        """A member of each object in a list: of many facts that are read at once, without the
        objects. Raises KeyError for what is not there."""
        return [item[member] for item in self.data[name]]
