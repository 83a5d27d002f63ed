"""A fact's data as one row of columns, and back: what decode_schema.py made of each type."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

import polars as pl

from backbone.codec.raw import compile_lift
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


def compile_raise(shape: Record) -> Convert:
    """Compile the walk from what columns hold to accepted data."""
    raw, lift = compile_walk(shape, Leaves(_leaf(_RAW))), compile_lift(shape)
    return lambda row: lift(raw(row))


def _leaf(conversions: Mapping[str, Callable[[Leaf], Convert]]) -> Callable[[Leaf], Convert]:
    return lambda leaf: conversions.get(leaf.logical or leaf.kind, _same)(leaf)


def _same(_: Leaf) -> Convert:
    return lambda value: value


def _boolean(_: Leaf) -> Convert:
    return lambda value: b"\1" if value else b"\0"


def _raw_boolean(_: Leaf) -> Convert:
    return lambda value: value != b"\0"


def _enum(leaf: Leaf) -> Convert:
    return leaf.symbols.index


def _raw_enum(leaf: Leaf) -> Convert:
    return leaf.symbols.__getitem__


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
_RAW: Mapping[str, Callable[[Leaf], Convert]] = {"boolean": _raw_boolean, "enum": _raw_enum}
