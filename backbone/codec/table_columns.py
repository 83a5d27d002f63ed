"""Facts as the columns of a warehouse's table: made at once, and handed over as Arrow.

What `backbone/codec/decode_schema.py` made wire-compatible becomes what it means: instants,
decimals, truth values, an enum's words. Two shapes that tables lack are written as others: an
optional list, map or record is a list of none or one, and a map is a list of its entries, which
ClickHouse takes for a map.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import polars as pl

from backbone.codec.column_values import column_type, compile_lower
from backbone.codec.columns import Columns, rising_numbers
from backbone.codec.decode_schema import ROW
from backbone.codec.json_columns import boolean_value, enum_value, quantum_of, same_value
from backbone.codec.series_column import SeriesColumn
from backbone.codec.validators import as_int128
from backbone.contracts.domain import EPOCH, micros
from backbone.contracts.shape import Array, Field, Leaf, Map, Nullable, Record, Shape
from backbone.record import are_alike

# What DateTime64 and Date32 hold without clamping: the years 1900 to 2299. A fact may say more.
_MICROS = (micros(datetime(1900, 1, 1, tzinfo=UTC)), micros(datetime(2300, 1, 1, tzinfo=UTC)) - 1)
_DAYS = tuple(day.toordinal() - EPOCH.toordinal() for day in (date(1900, 1, 1), date(2299, 12, 31)))
_RANGES = {"timestamp-micros": _MICROS, "date": _DAYS}
_ONE = "one"

Rows = Iterable[tuple[int, Mapping[str, Any]]]
"""Facts' data that was decoded one by one, with their places in a batch."""


class TableColumns:
    """Makes the columns of one contract's table. Compiled once per contract."""

    def __init__(self, shape: Record) -> None:
        self._entries = _entries(shape)
        flat = _without_maps(shape)
        assert isinstance(flat, Record)
        self._lower = compile_lower(flat)
        self._schema = {
            ROW: pl.Int64(),
            **{each.name: column_type(each.shape) for each in flat.fields},
        }
        self._values = [
            _as_table(each.shape, pl.col(each.name)).alias(each.name) for each in flat.fields
        ]
        beyond = [_beyond(each.shape, pl.col(each.name)) for each in flat.fields]
        self._beyond = [each for each in beyond if each is not None]

    def of_columns(self, columns: Columns) -> "TableRows":
        return self._rows(columns.frame)

    def of_rows(self, rows: Rows) -> "TableRows":
        lowered = [{ROW: place, **self._lower(self._entries(data))} for place, data in rows]
        return self._rows(pl.DataFrame(lowered, self._schema, orient="row"))

    def _rows(self, frame: pl.DataFrame) -> "TableRows":
        beyond: list[int] = []
        if self._beyond:
            wrong = frame.select(pl.any_horizontal(self._beyond).fill_null(value=False)).to_series()
            if wrong.any():
                beyond = frame.filter(wrong)[ROW].to_list()
                frame = frame.filter(~wrong)
        return TableRows(rising_numbers(frame[ROW]), frame.select(self._values), beyond)


class TableRows:
    """Rows of one table. `places` are those of their records in the batch, rising; `beyond` are
    the places of the facts whose instants no table holds."""

    def __init__(
        self, places: Sequence[int], frame: pl.DataFrame, beyond: Sequence[int] = ()
    ) -> None:
        self.places = places
        self.beyond = beyond
        self._frame = frame

    def __len__(self) -> int:
        return len(self.places)

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return int(self._frame.estimated_size())

    @classmethod
    def joined(cls, parts: Sequence["TableRows"]) -> "TableRows":
        """Parts of one batch, put in the order of their places."""
        if len(parts) == 1:
            return parts[0]
        places = [place for part in parts for place in part.places]
        frame = pl.concat([part._frame for part in parts])  # noqa: SLF001 - of this very class
        order = sorted(range(len(places)), key=places.__getitem__)
        return cls(places, frame).only(order)

    def at(self, places: Sequence[int]) -> "TableRows":
        """The same rows, at other places."""
        return TableRows(places, self._frame, self.beyond)

    def between(self, first: int, end: int) -> "TableRows":
        """Those whose places lie in `range(first, end)`."""
        if self.places and first <= self.places[0] and self.places[-1] < end:
            return self
        return self.only([row for row, place in enumerate(self.places) if first <= place < end])

    def only(self, at: Sequence[int]) -> "TableRows":
        """Some of the rows, counted among them."""
        chosen = self._frame[pl.Series(at, dtype=pl.UInt32)]
        return TableRows([self.places[row] for row in at], chosen)

    def behind(self, front: "Front") -> "TableRows":
        """The same rows, with these columns in front."""
        return TableRows(self.places, pl.concat([front.frame(), self._frame], how="horizontal"))

    @property
    def columns(self) -> Sequence[str]:
        return self._frame.columns

    def arrow(self) -> bytes:
        """One record batch as an Arrow stream."""
        stream = BytesIO()
        compat = pl.CompatLevel.oldest()  # string views are not read everywhere
        self._frame.rechunk().write_ipc_stream(stream, compat_level=compat)
        return stream.getvalue()

    def objects(self) -> list[dict[str, Any]]:
        """The rows as plain values, as a table's reader gives them."""
        return self._frame.to_dicts()

    @classmethod
    def stacked(cls, parts: Sequence["TableRows"]) -> "TableRows":
        """Rows of several batches, one behind the other; their places mean nothing any more."""
        if len(parts) == 1:
            return parts[0]
        frame = pl.concat([part._frame for part in parts])  # noqa: SLF001 - of this very class
        return cls(range(frame.height), frame)


class Front:
    """Columns in front of a fact's own: texts, whole numbers and instants."""

    def __init__(self) -> None:
        self._columns: list[pl.Series] = []

    def texts(self, name: str, values: Sequence[bytes | None]) -> None:
        """What is missing is empty; bytes that are not UTF-8 are replaced, never refused."""
        if isinstance(values, SeriesColumn):
            found = values.series
        elif any(values):
            found = pl.Series(values, dtype=pl.Binary)
        else:
            self.same(name, "", len(values))
            return
        try:
            column = found.cast(pl.String).alias(name)
        except pl.exceptions.ComputeError:
            column = pl.Series(name, [(each or b"").decode(errors="replace") for each in values])
        self._columns.append(column.fill_null(""))

    def words(self, name: str, values: Sequence[bytes | None]) -> None:
        """As texts, where they are few: each is written once."""
        if values and are_alike(values):
            self.same(name, (values[0] or b"").decode(errors="replace"), len(values))
            return
        self.texts(name, values)
        self._columns.append(self._columns.pop().cast(pl.Categorical))

    def same(self, name: str, value: str | int, count: int) -> None:
        column = pl.Series(name, [value]).new_from_index(0, count)
        # written once, and each row says that it is the one
        self._columns.append(column.cast(pl.Categorical) if isinstance(value, str) else column)

    def numbers(self, name: str, values: Sequence[int]) -> None:
        self._columns.append(pl.Series(name, values, dtype=pl.Int64))

    def instants(self, name: str, values_ms: Sequence[int]) -> None:
        column = pl.Series(name, values_ms, dtype=pl.Int64)
        self._columns.append(column.cast(pl.Datetime("ms", "UTC")))

    def frame(self) -> pl.DataFrame:
        return pl.DataFrame(self._columns)


def _as_table(shape: Shape, value: pl.Expr) -> pl.Expr:
    match shape:
        case Leaf():
            return _LEAVES.get(shape.logical or shape.kind, same_value)(shape, value)
        case Nullable(Leaf() as inner):
            return _as_table(inner, value)
        case Nullable(inner):
            return _none_or_one(_as_table(inner, value))
        case Array(items):
            return value.list.eval(_as_table(items, pl.element()))
        case Record():
            fields = [
                _as_table(each.shape, value.struct.field(each.name)).alias(each.name)
                for each in shape.fields
            ]
            return pl.when(value.is_not_null()).then(pl.struct(fields))
        case Map():
            raise TypeError("maps were made lists")


def _none_or_one(value: pl.Expr) -> pl.Expr:
    one = pl.concat_list(pl.struct(value.alias(_ONE)))
    return one.list.eval(pl.element().struct.field(_ONE)).list.drop_nulls()


def _decimal(leaf: Leaf, value: pl.Expr) -> pl.Expr:
    quantum = quantum_of(leaf)
    return as_int128(value).cast(pl.Decimal(38, 0)) * quantum


def _instant(_: Leaf, value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Datetime("us", "UTC"))


def _date(_: Leaf, value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Int32).cast(pl.Date)


def _int(_: Leaf, value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Int32)


_LEAVES: Mapping[str, Callable[[Leaf, pl.Expr], pl.Expr]] = {
    "boolean": boolean_value,
    "int": _int,
    "enum": enum_value,
    "decimal": _decimal,
    "timestamp-micros": _instant,
    "date": _date,
}


def _beyond(shape: Shape, value: pl.Expr) -> pl.Expr | None:
    """Where an instant is none that a table holds; None for a shape without instants."""
    match shape:
        case Leaf():
            if shape.logical not in _RANGES:
                return None
            low, high = _RANGES[shape.logical]
            return (value < low) | (value > high)
        case Nullable(inner):
            return _beyond(inner, value)
        case Array(items):
            found = _beyond(items, pl.element())
            return None if found is None else value.list.eval(found).list.any()
        case Record():
            fields = [_beyond(each.shape, value.struct.field(each.name)) for each in shape.fields]
            named = [each for each in fields if each is not None]
            return pl.any_horizontal(named) if named else None
        case Map():
            raise TypeError("maps were made lists")


def _without_maps(shape: Shape) -> Shape:
    match shape:
        case Leaf():
            return shape
        case Nullable(inner):
            return Nullable(_without_maps(inner), shape.null_first)
        case Array(items):
            return Array(_without_maps(items))
        case Record():
            fields = tuple(Field(each.name, _without_maps(each.shape)) for each in shape.fields)
            return Record(shape.name, fields)
        case Map(values):
            entry = (Field("key", Leaf("string")), Field("value", _without_maps(values)))
            return Array(Record("entry", entry))


def _entries(shape: Shape) -> Callable[[Any], Any]:
    """Data with the entries of its maps listed."""
    match shape:
        case Leaf():
            return lambda value: value
        case Nullable(inner):
            within = _entries(inner)
            return lambda value: None if value is None else within(value)
        case Array(items):
            item = _entries(items)
            return lambda value: [item(each) for each in value]
        case Map(values):
            held = _entries(values)
            return lambda value: [{"key": key, "value": held(each)} for key, each in value.items()]
        case Record():
            fields = {each.name: _entries(each.shape) for each in shape.fields}
            return lambda value: {name: make(value[name]) for name, make in fields.items()}
