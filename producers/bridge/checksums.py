"""Whether a bridge has told everything: both topics summed up, the old one as it should be.

A sum does not depend on an order, so both topics are read as they lie, and nothing is kept in
memory. What differs in a fact, is missing or is there twice changes it. Both sides end at one
cursor, so that a bridge may go on meanwhile; and what is expected is compared as it would be read.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Protocol

from backbone.documents import encode
from backbone.errors import Poison
from backbone.fact import Fact
from backbone.log import Reader
from backbone.recorded_fact import Decoder, fact_of
from backbone.source import Cursor
from producers.bridge.carrying import Carrying
from producers.bridge.source import starts_of

_BITS = 64


@dataclass(frozen=True, slots=True)
class Checksum:
    facts: int
    sum: int


@dataclass(frozen=True, slots=True)
class Compared:
    """`expected`: of the new facts up to the bridge's cursor, carried again; `found`: of the facts
    in the old topic that the bridge has told."""

    expected: Checksum
    found: Checksum

    @property
    def agree(self) -> bool:
        return self.expected == self.found


class Codec(Decoder, Protocol):
    def encode(self, fact: Fact) -> bytes:
        """Raises Poison for what the bridge could not have published."""


def compare(carrying: Carrying, cursor: Cursor, reader: Reader, codec: Codec) -> Compared:
    """Read both topics once. `cursor` is one that was committed; the old fact was checked with the
    registry (`Codec.check`)."""
    ends = starts_of(cursor)
    expected = _summed(_expected(carrying, ends, reader, codec))
    return Compared(expected, _summed(_found(carrying, ends, reader, codec)))


def _expected(
    carrying: Carrying, ends: Mapping[int, int], reader: Reader, codec: Codec
) -> Iterable[Fact]:
    topic = carrying.contracts[carrying.bridge.old].topic
    for record in reader.scan(carrying.topic):
        if record.position.offset >= ends.get(record.position.partition, 0):
            continue
        fact = carrying.carried(record, codec)
        if not isinstance(fact, Fact):
            continue
        with suppress(Poison):  # it is a dead letter
            yield replace(fact, data=codec.decode(codec.encode(fact), topic, ())[1])


def _found(
    carrying: Carrying, ends: Mapping[int, int], reader: Reader, decoder: Decoder
) -> Iterable[Fact]:
    old = carrying.contracts[carrying.bridge.old]
    told = re.compile(rf"{re.escape(carrying.mark)}([0-9]+):([0-9]+)").fullmatch
    for record in reader.scan(old.topic):
        fact = fact_of(record, decoder, old.partitions)
        place = told(fact.envelope.sequence)
        if fact.type == old.type and place and int(place[2]) < ends.get(int(place[1]), 0):
            yield fact


def _summed(facts: Iterable[Fact]) -> Checksum:
    count, total = 0, 0
    for each in facts:
        count += 1
        total = (total + _number(each.envelope.id, each.data)) % (1 << _BITS)
    return Checksum(count, total)


def _number(event_id: str, data: Mapping[str, Any]) -> int:
    text = encode([event_id, sorted(data.items())])
    return int.from_bytes(blake2b(text, digest_size=_BITS // 8).digest())
