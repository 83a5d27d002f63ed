"""Columns as JSON text, byte for byte what `backbone/documents.py` and orjson make of a fact.

The engine writes text and numbers as orjson does: the same escapes, the same shortest floats. Held
by `tests/unit/codec/test_columns.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import polars as pl

from backbone.codec.validators import LONG_BYTES, LONG_DIGITS, as_int128, as_long
from backbone.contracts.shape import Array, Leaf, Map, Nullable, Record, Shape

_NAME = "v"
_OPENED = f'{{"{_NAME}":'
_INSTANT = "%Y-%m-%dT%H:%M:%S.%6fZ"
_WITHOUT_DOCUMENT = frozenset({"date", "bytes", "fixed"})


def has_document(shape: Shape) -> bool:
    """Whether a document can hold the values of a shape; a view of others is built row by row,
    and fails there with a message of its own."""
    match shape:
        case Leaf():
            return (shape.logical or shape.kind) not in _WITHOUT_DOCUMENT
        case Nullable(inner) | Array(inner):
            return has_document(inner)
        case Record():
            return all(has_document(each.shape) for each in shape.fields)
        case Map():
            return False


def document(fields: Mapping[str, Shape]) -> pl.Expr:
    """An object of these columns as JSON text, in this order."""
    values = [as_json(shape, pl.col(name)).alias(name) for name, shape in fields.items()]
    return pl.struct(values).struct.json_encode()


def text(name: str, shape: Shape, members: Sequence[str] = ()) -> pl.Expr:
    """One column as the JSON text `backbone.documents.shown` makes of it; `can_show` says of
    which ones. Raises KeyError for a member that is not there."""
    only = with_members(shape, members) if members else shape
    wrapped = pl.struct([as_json(only, pl.col(name)).alias(_NAME)]).struct.json_encode()
    return wrapped.str.strip_prefix(_OPENED).str.head(-1)


def with_members(shape: Shape, members: Sequence[str]) -> Shape:
    match shape:
        case Nullable(inner):
            return Nullable(with_members(inner, members))
        case Array(items):
            return Array(with_members(items, members))
        case Record():
            fields = {each.name: each for each in shape.fields}
            return replace(shape, fields=tuple(fields[name] for name in members))
    raise KeyError(members[0])


def as_json(shape: Shape, value: pl.Expr) -> pl.Expr:
    """Decoded values as those that are written as JSON the right way."""
    match shape:
        case Leaf():
            return _LEAVES.get(shape.logical or shape.kind, same_value)(shape, value)
        case Nullable(inner):
            return as_json(inner, value)
        case Array(items):
            return value.list.eval(as_json(items, pl.element()))
        case Record():
            fields = [
                as_json(each.shape, value.struct.field(each.name)).alias(each.name)
                for each in shape.fields
            ]
            return pl.when(value.is_not_null()).then(pl.struct(fields))
        case Map():
            raise TypeError("maps have no column")


def same_value(_: Leaf, value: pl.Expr) -> pl.Expr:
    return value


def boolean_value(_: Leaf, value: pl.Expr) -> pl.Expr:
    return value.bin.get(0) != 0


def enum_value(leaf: Leaf, value: pl.Expr) -> pl.Expr:
    numbers = list(range(len(leaf.symbols)))
    return value.replace_strict(numbers, list(leaf.symbols), return_dtype=pl.String)


def decimal_text(leaf: Leaf, value: pl.Expr) -> pl.Expr:
    """A decimal's bytes as the number's digits, with the contract's scale."""
    small = max(leaf.precision, 0) <= LONG_DIGITS and leaf.size <= LONG_BYTES
    number = (as_long if small else as_int128)(value)
    return (number.cast(pl.Decimal(38, 0)) * quantum_of(leaf)).cast(pl.String)


def quantum_of(leaf: Leaf) -> pl.Expr:
    """A decimal's smallest step. Not a literal made of a Decimal: that imports numpy, in the
    midst of the first batch."""
    text = format(Decimal(1).scaleb(-leaf.scale), "f")
    return pl.lit(text).cast(pl.Decimal(38, leaf.scale))


def _instant(_: Leaf, value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Datetime("us")).dt.strftime(_INSTANT)


def _float(_: Leaf, value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Float64)


_LEAVES: Mapping[str, Callable[[Leaf, pl.Expr], pl.Expr]] = {
    "boolean": boolean_value,
    "enum": enum_value,
    "decimal": decimal_text,
    "timestamp-micros": _instant,
    "float": _float,
}
