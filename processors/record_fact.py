"""A fact as it was read from the log."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

from backbone.codec.columns import Columns, Lazily, Texts
from backbone.contracts.domain import EPOCH
from backbone.documents import Shown
from backbone.envelope import from_headers
from backbone.errors import Poison
from backbone.fact import Envelope, Fact, LogPosition
from backbone.record import RecordBatch

Names = tuple[str, ...]
"""A field, and which of its members."""


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
    column is made of all of these facts when one is first asked for it.

    `keys` are theirs, or why a record has none. `asked`: the fields whose text was asked for of
    earlier facts of the type; `ahead` makes it beside the caller's work, before it is asked again.
    """

    __slots__ = ("batch", "columns", "keys", "lists", "texts", "type")

    def __init__(
        self,
        type_name: str,
        batch: RecordBatch,
        columns: Columns,
        keys: Sequence[str | Poison],
        asked: set[Names],
        ahead: Executor,
    ) -> None:
        self.type = type_name
        self.batch = batch
        self.columns = columns
        self.keys = keys
        coming = ahead.submit(columns.texts, sorted(asked)) if asked else None
        # of functions, not of methods: in a circle with itself this would not be freed at once
        self.texts = Lazily(partial(_texts, columns, asked, coming))
        self.lists = Lazily(partial(_lists, columns))

    def facts(self, order_versions: Sequence[int]) -> Iterator["ColumnFact"]:
        """One for each key that is one. Written as it is because there are so many."""
        rows = zip(count(), self.columns.indexes, self.keys, order_versions, strict=False)
        for row, place, key, order_version in rows:
            if type(key) is not str:
                continue
            fact = _NEW(ColumnFact)
            _set_readings(fact, self)
            _set_row(fact, row)
            _set_place(fact, place)
            _set_key(fact, key)
            _set_order_version(fact, order_version)
            yield fact


def _texts(
    columns: Columns,
    asked: set[Names],
    coming: Future[Texts] | None,
    names: Names,
) -> Sequence[Shown] | None:
    """A field (and which of its members) of each fact; None: make it of the data."""
    if not columns.has_texts(names[0]):
        return None
    made = {} if coming is None else coming.result()
    if names not in made:
        made = columns.texts([names])
        asked.add(names)
    return list(map(Shown, made[names].to_list()))


def _lists(columns: Columns, names: tuple[str, str]) -> list[list[Any] | None] | None:
    """A member of each object in a list; None: take it from the data."""
    return columns.members(*names)


class ColumnFact(RecordFact):
    """One of the facts of `readings`, the one at `row`. See `Readings.facts`."""

    __slots__ = ("_readings", "_row")
    _readings: Readings
    _row: int

    @property
    def _batch(self) -> RecordBatch:  # type: ignore[override] # the base class's is a slot
        return self._readings.batch

    @property
    def type(self) -> str:
        return self._readings.type

    @property
    def data(self) -> Mapping[str, Any]:
        return ColumnData(self._readings.columns, self._row)

    def shown(self, name: str, *members: str) -> Shown:
        texts = self._readings.texts[name, *members]
        return Fact.shown(self, name, *members) if texts is None else texts[self._row]

    def each(self, name: str, member: str) -> Sequence[Any]:
        lists = self._readings.lists[name, member]
        found = None if lists is None else lists[self._row]
        return Fact.each(self, name, member) if found is None else found


def _setter(name: str) -> Callable[[ColumnFact, Any], None]:
    """Past the guard that keeps handlers from changing a fact: it would be asked five times."""
    found: Callable[[ColumnFact, Any], None] = getattr(ColumnFact, name).__set__
    return found


_NEW = object.__new__
_set_readings, _set_row = _setter("_readings"), _setter("_row")
_set_place, _set_key, _set_order_version = map(_setter, ("place", "key", "order_version"))


class ColumnData(Mapping[str, Any]):
    """A fact's data out of columns: a field that no handler looks at is never made."""

    __slots__ = ("_columns", "_row", "_values")

    def __init__(self, columns: Columns, row: int) -> None:
        self._columns = columns
        self._values = columns.values
        self._row = row

    def __getitem__(self, name: str) -> Any:
        return self._values[name][self._row]

    def __iter__(self) -> Iterator[str]:
        return (each.name for each in self._columns.shape.fields)

    def __len__(self) -> int:
        return len(self._columns.shape.fields)
