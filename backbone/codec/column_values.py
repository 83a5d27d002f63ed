"""A fact's data as one row of columns, and back: what decode_schema.py made of each type."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from typing import Any

import polars as pl

from backbone.codec.json_columns import decimal_text
from backbone.contracts.domain import EPOCH, EXACT, micros
from backbone.contracts.shape import Array, Leaf, Map, Nullable, Record, Shape
from backbone.contracts.walk import Convert, Leaves, compile_walk

_EPOCH_DAY = EPOCH.toordinal()


def column_type(shape: Shape) -> pl.DataType:
    match shape:
        case Leaf():
            return _TYPES.get(shape.kind, pl.Int64)()
        case Nullable(inner):
            return column_type(inner)
        case Array(items):
            return pl.List(column_type(items))
        case Record():
            return pl.Struct({each.name: column_type(each.shape) for each in shape.fields})
        case Map():
            raise TypeError("maps have no column")


def compile_lower(shape: Shape) -> Convert:
    """Compile the walk from accepted data to what its columns hold."""
    return compile_walk(shape, Leaves(_leaf(_LOWERINGS)))


def values(shape: Shape, column: pl.Series) -> list[Any]:
    """What a column holds as accepted data. Level by level rather than row by row: a level's
    numbers and texts leave the engine at once, and only lists and objects are put together here."""
    match shape:
        case Leaf():
            return _RAISINGS.get(shape.logical or shape.kind, _as_they_are)(shape, column)
        case Nullable(Record() as inner):
            found = values(inner, column)
            return [
                None if gone else each for gone, each in zip(column.is_null(), found, strict=True)
            ]
        case Nullable(inner):
            return values(inner, column)
        case Array(items):
            return _lists(items, column)
        case Record():
            return _objects(shape, column)
        case Map():
            raise TypeError("maps have no column")


def _objects(shape: Record, column: pl.Series) -> list[dict[str, Any]]:
    fields = [values(each.shape, column.struct.field(each.name)) for each in shape.fields]
    return objects(tuple(each.name for each in shape.fields), fields)


def objects(names: tuple[str, ...], fields: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """An object of these names for each row of the fields."""
    return _maker(names)(zip(*fields, strict=True))


@lru_cache(maxsize=1024)
def _maker(names: tuple[str, ...]) -> Callable[[Iterable[Any]], list[dict[str, Any]]]:
    """Written out: a dict display takes a third of the time of dict(zip(…))."""
    variables = [f"v{number}" for number in range(len(names))]
    items = ", ".join(f"{name!r}: {each}" for name, each in zip(names, variables, strict=True))
    source = f"lambda rows: [{{{items}}} for {', '.join(variables)}, in rows]"
    # the text is made of this package's own words and of quoted field names
    made: Callable[[Iterable[Any]], list[dict[str, Any]]] = eval(source)  # noqa: S307 - of the line above
    return made


class Items:
    """A column of lists: all their items behind one another, and how to put them into lists again.
    Where there is no list, there is None."""

    def __init__(self, column: pl.Series) -> None:
        self.flat = column.filter(column.list.len() > 0).explode()
        self._lengths = column.list.len().to_list()
        self._ends = list(accumulate(length or 0 for length in self._lengths))

    def lists(self, flat: list[Any]) -> list[list[Any] | None]:
        """What was made of each item, list by list."""
        return [
            None if length is None else flat[end - length : end]
            for length, end in zip(self._lengths, self._ends, strict=True)
        ]


def _lists(items: Shape, column: pl.Series) -> list[list[Any] | None]:
    found = Items(column)
    return found.lists(values(items, found.flat))


def _as_they_are(_: Leaf, column: pl.Series) -> list[Any]:
    return column.to_list()


def _booleans(_: Leaf, column: pl.Series) -> list[bool | None]:
    return [None if each is None else each != b"\0" for each in column.to_list()]


def _symbols(leaf: Leaf, column: pl.Series) -> list[str | None]:
    return [None if each is None else leaf.symbols[each] for each in column.to_list()]


def _decimals(leaf: Leaf, column: pl.Series) -> list[Decimal | None]:
    """By way of their text: the engine scales all of them at once."""
    texts = column.to_frame().select(decimal_text(leaf, pl.col(column.name))).to_series()
    found: list[str | None] = texts.to_list()
    if texts.null_count():
        return [None if each is None else Decimal(each) for each in found]
    return list(map(Decimal, found))  # type: ignore[arg-type] # none of them is None


def _instants(_: Leaf, column: pl.Series) -> list[datetime | None]:
    return [None if each is None else EPOCH + timedelta(0, 0, each) for each in column.to_list()]


def _dates(_: Leaf, column: pl.Series) -> list[date | None]:
    return [
        None if each is None else date.fromordinal(_EPOCH_DAY + each) for each in column.to_list()
    ]


def _leaf(conversions: Mapping[str, Callable[[Leaf], Convert]]) -> Callable[[Leaf], Convert]:
    return lambda leaf: conversions.get(leaf.logical or leaf.kind, _same)(leaf)


def _same(_: Leaf) -> Convert:
    return lambda value: value


def _boolean(_: Leaf) -> Convert:
    return lambda value: b"\1" if value else b"\0"


def _enum(leaf: Leaf) -> Convert:
    return leaf.symbols.index


def _decimal(leaf: Leaf) -> Convert:
    def lower(value: Decimal) -> bytes:
        unscaled = int(value.scaleb(leaf.scale, EXACT))
        size = leaf.size or unscaled.bit_length() // 8 + 1
        return unscaled.to_bytes(size, "big", signed=True)

    return lower


def _instant(_: Leaf) -> Convert:
    def lower(value: datetime) -> int:
        return micros(value)

    return lower


def _date(_: Leaf) -> Convert:
    def lower(value: date) -> int:
        return value.toordinal() - _EPOCH_DAY

    return lower


_TYPES: Mapping[str, type[pl.DataType]] = {
    "boolean": pl.Binary,
    "bytes": pl.Binary,
    "fixed": pl.Binary,
    "string": pl.String,
    "float": pl.Float32,
    "double": pl.Float64,
}
_LOWERINGS: Mapping[str, Callable[[Leaf], Convert]] = {
    "boolean": _boolean,
    "enum": _enum,
    "decimal": _decimal,
    "timestamp-micros": _instant,
    "date": _date,
}
_RAISINGS: Mapping[str, Callable[[Leaf, pl.Series], list[Any]]] = {
    "boolean": _booleans,
    "enum": _symbols,
    "decimal": _decimals,
    "timestamp-micros": _instants,
    "date": _dates,
}
