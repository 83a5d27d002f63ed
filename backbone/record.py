"""Record and RecordBatch: bytes as they stand in the log, and one outcome for each of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TypeVar

from backbone.byte_column import ByteColumn
from backbone.errors import Poison
from backbone.fact import LogPosition

Header = tuple[str, bytes | None]
T = TypeVar("T")
Headers = Sequence[Header]


def last_header(headers: Headers, name: str) -> bytes | None:
    """Header names may repeat; the last one counts (Spring and Connect both append)."""
    return next((value for key, value in reversed(headers) if key == name), None)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the log, undecoded. `timestamp_ms` is publish time."""

    position: LogPosition
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Consecutive records of one partition, column by column, in offset order.

    Columns rather than records, so that an engine can take all values at once. `headers` may be
    lazy: reading them costs, and most records are never asked for theirs.
    """

    topic: str
    topic_id: str
    partition: int
    offsets: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    headers: Sequence[Headers]
    timestamps_ms: Sequence[int]

    @classmethod
    def of(cls, records: Sequence[Record]) -> "RecordBatch":
        """Consecutive records of one partition; one at least."""
        first = records[0].position
        return cls(
            topic=first.topic,
            topic_id=first.topic_id,
            partition=first.partition,
            offsets=[each.position.offset for each in records],
            keys=[each.key for each in records],
            values=[each.value for each in records],
            headers=[each.headers for each in records],
            timestamps_ms=[each.timestamp_ms for each in records],
        )

    def __len__(self) -> int:
        return len(self.offsets)

    def position(self, index: int) -> LogPosition:
        return LogPosition(self.topic_id, self.topic, self.partition, self.offsets[index])

    def record(self, index: int) -> Record:
        return Record(
            position=self.position(index),
            key=self.keys[index],
            value=self.values[index],
            headers=self.headers[index],
            timestamp_ms=self.timestamps_ms[index],
        )

    def __iter__(self) -> Iterator[Record]:
        return (self.record(index) for index in range(len(self)))

    def between(self, start: int, stop: int) -> "RecordBatch":
        """The records in the places from `start` to before `stop`."""
        if start == 0 and stop >= len(self):
            return self
        return replace(
            self,
            offsets=self.offsets[start:stop],
            keys=self.keys[start:stop],
            values=self.values[start:stop],
            headers=self.headers[start:stop],
            timestamps_ms=self.timestamps_ms[start:stop],
        )

    def with_next(self, behind: "RecordBatch") -> "RecordBatch":
        """These records and those that follow them in their partition."""
        return replace(
            self,
            offsets=[*self.offsets, *behind.offsets],
            keys=[*self.keys, *behind.keys],
            values=[*self.values, *behind.values],
            headers=[*self.headers, *behind.headers],
            timestamps_ms=[*self.timestamps_ms, *behind.timestamps_ms],
        )

    @property
    def next_offset(self) -> int:
        """The offset to go on from when every record of this batch is done."""
        return self.offsets[-1] + 1


class Outcome(IntEnum):
    """What became of one record. `POISON` carries its error beside it. What is transient is no
    outcome: a step raises it, for the whole batch is tried again."""

    APPLIED = 0
    SUPERSEDED = 1  # an equal or newer order version was there before
    HELD = 2  # of strict folds: kept until an earlier fact of its key is mended
    POISON = 3
    ALREADY_APPLIED = 4  # of retries: this very record made what is stored


class Outcomes:
    """One outcome per record of a batch, `APPLIED` until said otherwise."""

    __slots__ = ("codes", "poisons")

    def __init__(self, count: int) -> None:
        self.codes = bytearray(count)
        self.poisons: dict[int, Poison] = {}

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: int) -> Outcome:
        return Outcome(self.codes[index])

    def set(self, index: int, outcome: Outcome) -> None:
        self.codes[index] = outcome

    def poison(self, index: int, poison: Poison) -> None:
        self.codes[index] = Outcome.POISON
        self.poisons[index] = poison

    def count(self, outcome: Outcome) -> int:
        return self.codes.count(outcome)

    def at(self, places: Sequence[int]) -> "Outcomes":
        """Those of some of the records, in the order given."""
        some = Outcomes(len(places))
        for place, each in enumerate(places):
            some.codes[place] = self.codes[each]
            if each in self.poisons:
                some.poisons[place] = self.poisons[each]
        return some


def picked(values: Sequence[T], places: Sequence[int]) -> Sequence[T]:
    """Those in some places, which mostly are all of them, or a stretch."""
    if isinstance(places, range) and places.step == 1:
        return values[places.start : places.stop] if len(places) < len(values) else values
    if isinstance(values, ByteColumn):
        return values.at(places)
    return [values[place] for place in places]


def are_alike(values: Sequence[object]) -> bool:
    """Whether they are one value, again and again; quickest where they are one object."""
    if isinstance(values, ByteColumn):
        return values.alike()
    return not values or values.count(values[0]) == len(values)


Step = Callable[[RecordBatch], Outcomes]
"""What a Runner runs: a batch in, one outcome per record out.

Raises `Transient` (the whole batch is tried again: a step must allow that until its batch is
committed) or `Fatal` (the process stops). It raises `Poison` never: that is an outcome.
"""

Middleware = Callable[[Step], Step]
"""One behaviour around a step: metrics, tracing, retry, dead letters."""
