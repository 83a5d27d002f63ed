"""One pass over a topic: how many facts of which type stand where, and which of them twice.

Memory: about 100 bytes for each fact of the interval (its id, and 8 bytes for its offset).
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from backbone.codec.framing import PREFIX_BYTES
from backbone.errors import Poison
from backbone.ledger.interval import Stretch
from backbone.log import Reader
from backbone.record import Record, last_header
from backbone.recorded_fact import Decoder

UNREADABLE = ""
"""The type of a record that is no fact: whoever handles it puts it to the dead letters."""

Progress = Callable[[str, int, int], None]
"""Told now and then: of what, how many were done, of about how many."""

_TOLD_EVERY = 10_000


def offsets_array() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class TopicScan:
    """What stands in the interval. `times` and `repeats` are for the balance with the sources:
    (publish time, is it a repeat, position) of facts too late to have been published by a cursor
    are kept one by one, the others are counted by `until_ms`."""

    topic: str
    stretches: Mapping[int, Stretch]
    offsets: dict[tuple[int, str], "array[int]"] = field(
        default_factory=lambda: defaultdict(offsets_array)
    )
    times: "array[int]" = field(default_factory=offsets_array)
    repeated: list[tuple[int, str]] = field(default_factory=list)

    def count(self, partition: int, end: int | None = None) -> int:
        """Records of a partition, below `end` where it is given."""
        found = [each for (number, _), each in self.offsets.items() if number == partition]
        return sum(len(each) if end is None else bisect_left(each, end) for each in found)

    def of_type(self, partition: int, fact_type: str) -> "array[int]":
        return self.offsets.get((partition, fact_type), offsets_array())

    @property
    def total(self) -> int:
        return len(self.times)


def scan(
    reader: Reader,
    topic: str,
    stretches: Mapping[int, Stretch],
    decoder: Decoder,
    progress: Progress,
) -> TopicScan:
    found = TopicScan(topic, stretches)
    types = _Types(topic, decoder)
    seen: set[bytes] = set()
    for record in within(reader, topic, stretches, progress):
        position = record.position
        found.offsets[position.partition, types.of(record)].append(position.offset)
        found.times.append(record.timestamp_ms)
        identity = identity_of(record)
        if identity in seen:
            found.repeated.append((record.timestamp_ms, str(position)))
        seen.add(identity)
    return found


def within(
    reader: Reader, topic: str, stretches: Mapping[int, Stretch], progress: Progress
) -> Iterator[Record]:
    """The committed records of the interval."""
    about = sum(max(0, each.end - each.first) for each in stretches.values())
    starts = {partition: each.first for partition, each in stretches.items()}
    for done, record in enumerate(reader.scan(topic, starts)):
        if done % _TOLD_EVERY == 0:
            progress(topic, done, about)
        stretch = stretches.get(record.position.partition)
        if stretch is not None and record.position.offset in stretch:
            yield record
    progress(topic, about, about)


def identity_of(record: Record) -> bytes:
    """16 bytes for a fact's source and id; of a foreign fact without an id, for its place."""
    event = last_header(record.headers, "ce_id")
    if not event:
        return blake2b(str(record.position).encode(), digest_size=16).digest()
    return identity(last_header(record.headers, "ce_source") or b"", event)


def identity(source: bytes, event: bytes) -> bytes:
    return blake2b(source + b"\0" + event, digest_size=16).digest()


class _Types:
    """The fact type of a record, asked once for each writer's schema."""

    def __init__(self, topic: str, decoder: Decoder) -> None:
        self._topic = topic
        self._decoder = decoder
        self._known: dict[bytes, str] = {}

    def of(self, record: Record) -> str:
        frame = (record.value or b"")[:PREFIX_BYTES]
        known = self._known.get(frame)
        if known is None:
            known = self._asked(record)
            if known != UNREADABLE:
                self._known[frame] = known
        return known

    def _asked(self, record: Record) -> str:
        try:
            return self._decoder.decode(record.value, self._topic, record.headers)[0]
        except Poison:
            return UNREADABLE
