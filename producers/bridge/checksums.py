"""Whether a bridge has told everything: both topics summed up, the old one as it should be.

A sum does not depend on an order, so both topics are read as they lie, and nothing is kept in
memory. What differs in a fact, is missing or is there twice changes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from backbone.documents import encode
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


def compare(carrying: Carrying, cursor: Cursor, reader: Reader, decoder: Decoder) -> Compared:
    """Read both topics once. `cursor` is the one that was committed last."""
    ends = starts_of(cursor)
    told = (
        carrying.carried(each, decoder)
        for each in reader.scan(carrying.topic)
        if each.position.offset < ends.get(each.position.partition, 0)
    )
    expected = _summed(each for each in told if isinstance(each, Fact))
    return Compared(expected, _summed(_found(carrying, reader, decoder)))


def _found(carrying: Carrying, reader: Reader, decoder: Decoder) -> Iterable[Fact]:
    old = carrying.contracts[carrying.bridge.old]
    for record in reader.scan(old.topic):
        fact = fact_of(record, decoder, old.partitions)
        if fact.type == old.type and fact.envelope.sequence.startswith(carrying.mark):
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
