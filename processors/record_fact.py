"""A fact as it was read from the log."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from backbone.codec.columns import Columns
from backbone.contracts.domain import EPOCH
from backbone.documents import Shown
from backbone.envelope import from_headers
from backbone.fact import Envelope, Fact, LogPosition
from backbone.record import RecordBatch


class RecordFact(Fact):
    """What few handlers look at is made when it is asked for: reading the headers of a record
    takes as long as all else that is done with it. Not to be copied or kept: it holds its batch.

    `place` is its place in the batch.
    """

    __slots__ = ("_batch", "place")
    place: int
    _batch: RecordBatch

    def __init__(  # its own, for the base class would ask for all
        self,
        type_name: str,
        data: Mapping[str, Any],
        key: str,
        order_version: int,
        place: int,
        batch: RecordBatch,
    ) -> None:
        put = object.__setattr__
        put(self, "type", type_name)
        put(self, "data", data)
        put(self, "key", key)
        put(self, "order_version", order_version)
        put(self, "place", place)
        put(self, "_batch", batch)

    @property
    def envelope(self) -> Envelope:
        return from_headers(self._batch.headers[self.place], self.published_at)

    @property
    def position(self) -> LogPosition:
        return self._batch.position(self.place)

    @property
    def published_at(self) -> datetime:
        seconds = self._batch.timestamps_ms[self.place] / 1000
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):  # a producer's own clock, beyond all years
            return datetime.max.replace(tzinfo=UTC) if seconds > 0 else EPOCH

    @property
    def origin(self) -> None:
        return None


class Readings:
    """What some facts of one type in a batch, read at once, have in common. What is made of a
    column is made of all of these facts when one is first asked for it."""

    __slots__ = ("_lists", "_texts", "batch", "columns", "type")

    def __init__(self, type_name: str, batch: RecordBatch, columns: Columns) -> None:
        self.type = type_name
        self.batch = batch
        self.columns = columns
        self._texts: dict[tuple[str, ...], list[bytes] | None] = {}
        self._lists: dict[tuple[str, str], list[list[Any] | None] | None] = {}

    def texts(self, names: tuple[str, ...]) -> list[bytes] | None:
        """A field (and which of its members) of each fact; None: make it of the data."""
        if names not in self._texts:
            self._texts[names] = self.columns.texts(names[0], names[1:])
        return self._texts[names]

    def lists(self, names: tuple[str, str]) -> list[list[Any] | None] | None:
        """A member of each object in a list; None: take it from the data."""
        if names not in self._lists:
            self._lists[names] = self.columns.members(*names)
        return self._lists[names]


class ColumnFact(RecordFact):
    """One of the facts of `readings`, the one at `row`."""

    __slots__ = ("_readings", "_row")
    _readings: Readings
    _row: int

    def __init__(
        self, readings: Readings, row: int, place: int, key: str, order_version: int
    ) -> None:
        put = object.__setattr__
        put(self, "_readings", readings)
        put(self, "_row", row)
        put(self, "_batch", readings.batch)
        put(self, "place", place)
        put(self, "key", key)
        put(self, "order_version", order_version)

    @property
    def type(self) -> str:
        return self._readings.type

    @property
    def data(self) -> Mapping[str, Any]:
        return ColumnData(self._readings.columns, self._row)

    def shown(self, name: str, *members: str) -> Shown:
        texts = self._readings.texts((name, *members))
        return Fact.shown(self, name, *members) if texts is None else Shown(texts[self._row])

    def each(self, name: str, member: str) -> Sequence[Any]:
        lists = self._readings.lists((name, member))
        found = None if lists is None else lists[self._row]
        return Fact.each(self, name, member) if found is None else found


class ColumnData(Mapping[str, Any]):
    """A fact's data out of columns: a field that no handler looks at is never made."""

    __slots__ = ("_columns", "_row")

    def __init__(self, columns: Columns, row: int) -> None:
        self._columns = columns
        self._row = row

    def __getitem__(self, name: str) -> Any:
        return self._columns.column(name)[self._row]

    def __iter__(self) -> Iterator[str]:
        return (each.name for each in self._columns.shape.fields)

    def __len__(self) -> int:
        return len(self._columns.shape.fields)
