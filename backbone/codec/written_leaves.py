"""Values of one kind to their Avro bytes, a column at once, as expressions of the columnar engine.

Bytes are written as hexadecimal text until a row is whole, for texts the engine puts together as
they are. What stands in no table of bytes is made of pieces that do. A value that is out of the
ordinary gives null, and whatever is put together with null is null: the row is in doubt, and the
walk decides.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from backbone.codec.straight_encoder import BITS, ON, SMALL, VARINTS
from backbone.contracts.domain import INT32, MAX_MICROS, MIN_MICROS
from backbone.contracts.rules import bounds_of
from backbone.contracts.shape import Field, Leaf

# of twice a length: that many bytes, or items, follow
LENGTHS = pl.Series([VARINTS[size << 1].hex() for size in range(SMALL >> 1)], dtype=pl.String)
# 14 bits as the last of a varint; 14 bits that others follow; nothing
_VARINTS = pl.Series([*(each.hex() for each in VARINTS), *(each.hex() for each in ON), ""])
_FOLLOWED, _NO_PIECE = SMALL, 2 * SMALL
# 16 bits of a number, the highest first: none of them, the lower byte, both
_WORD = 1 << 16
_WORDS = pl.Series(
    [
        *[""] * _WORD,
        *(f"{each & 0xFF:02x}" for each in range(_WORD)),
        *(f"{each:04x}" for each in range(_WORD)),
    ]
)
_FORMAT = "%Y-%m-%dT%H:%M:%S%.fZ"
_INSTANT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,6})?Z$"  # as INSTANT
)
_DECIMAL = r"^-?[0-9]{1,60}(\.[0-9]{1,60})?$"
_WHOLE = r"^-?[0-9]{1,18}$"
_SAFE_DIGITS = 18  # of any number below 2^63
_SAFE = 1 << 62  # twice as much still fits

Hex = Sequence[pl.Expr]
"""Pieces of a value's bytes, in their order; null in any of them where the value is in doubt. They
are put together once, for the whole row: what is put together piece by piece is copied as often."""

Keep = Callable[[int, pl.Expr], pl.Expr]
"""Computes an expression once, in one of the passes over the frame, and gives its column: the
engine computes what is written twice in an expression twice."""

PASSES = 4


@dataclass(frozen=True, slots=True)
class LeafWriter:
    """How values of a kind come, as JSON and as text, and what gives their bytes."""

    json: type[pl.DataType]
    write: "Callable[[Leaf, Field | None], Callable[[pl.Expr, Keep], Hex]]"
    of_text: Callable[[pl.Expr], pl.Expr] | None = None


Write = Callable[[pl.Expr, Keep], Hex]


def text(_: Leaf, __: Field | None) -> Write:
    """Rules of texts are asked beforehand: patterns are Python's (see `written_columns`)."""

    def write(value: pl.Expr, keep: Keep) -> Hex:
        data = value.cast(pl.Binary)
        size = keep(0, data.bin.size())
        plain = (size < len(LENGTHS)) & ~value.str.contains("\0", literal=True)
        length = pl.lit(LENGTHS).gather(pl.when(plain).then(size))
        return length, data.bin.encode("hex")

    return write


def whole_of_text(value: pl.Expr) -> pl.Expr:
    return pl.when(value.str.contains(_WHOLE)).then(value).cast(pl.Int64, strict=False)


def _whole(low: int, high: int, pieces: int) -> Callable[[Leaf, Field | None], Write]:
    def make(_: Leaf, field: Field | None) -> Write:
        inside = _inside(field, 0)

        def write(value: pl.Expr, keep: Keep) -> Hex:
            number = keep(0, value)
            fits = number.is_between(low, high) & inside(number)
            return varint(keep(1, zigzag(pl.when(fits).then(number))), pieces)

        return write

    return make


def zigzag(number: pl.Expr) -> pl.Expr:
    """Small numbers first: 0, -1, 1, -2 …"""
    return pl.when(number >= 0).then(number * 2).otherwise(-2 * number - 1)


def varint(number: pl.Expr, pieces: int) -> Hex:
    """Seven bits a byte, the lowest first: so many pieces of two bytes, nothing behind the last."""
    return [_piece(number, at) for at in range(pieces)]


def _piece(number: pl.Expr, at: int) -> pl.Expr:
    bits = number // (1 << BITS * at) % SMALL
    more = pl.when(number >= 1 << BITS * (at + 1)).then(bits + _FOLLOWED).otherwise(bits)
    if at:
        more = (
            pl.when((number < 1 << BITS * at) & number.is_not_null())
            .then(_NO_PIECE)
            .otherwise(more)
        )
    return pl.lit(_VARINTS).gather(more)


def decimal(leaf: Leaf, field: Field | None) -> Write:
    """Digits to a whole number of the last place. In doubt are more places than the scale has, for
    they may be zeros, and numbers beyond 64 bits."""
    inside, most = _inside(field, leaf.scale), min(10**leaf.precision, _SAFE)
    tens = pl.Series([10 ** (leaf.scale - each) for each in range(leaf.scale + 1)])

    def write(value: pl.Expr, keep: Keep) -> Hex:
        size = value.str.len_bytes().cast(pl.Int64)
        places = keep(0, (size - 1 - value.str.find(".", literal=True)).fill_null(0))
        plain = value.str.contains(_DECIMAL) & (size + leaf.scale <= _SAFE_DIGITS)
        digits = pl.when(plain).then(value.str.replace(".", "", literal=True)).cast(pl.Int64)
        number = keep(1, digits * pl.lit(tens).gather(places.clip(upper_bound=leaf.scale)))
        fits = (places <= leaf.scale) & (number.abs() < most) & inside(number)
        number = keep(2, pl.when(fits).then(number))
        return _number(number, keep(3, _size(number)))

    return write


def _number(number: pl.Expr, size: pl.Expr) -> Hex:
    """Length and bytes, the highest first; one byte more where the highest bit would be set."""
    words = (_word(number, size, at) for at in (3, 2, 1, 0))
    return pl.lit(LENGTHS).gather(size), *words


def _size(number: pl.Expr) -> pl.Expr:
    more = ((number.abs() >= 1 << 8 * each - 1).cast(pl.Int64) for each in range(1, 8))
    return 1 + sum(more, start=pl.lit(0))


def _word(number: pl.Expr, size: pl.Expr, at: int) -> pl.Expr:
    bits = number // (1 << 16 * at) % _WORD
    there = (size - 2 * at).clip(0, 2)
    return pl.lit(_WORDS).gather(bits + there * _WORD)


def instant(_: Leaf, __: Field | None) -> Write:
    def write(value: pl.Expr, keep: Keep) -> Hex:
        usual = pl.when(value.str.contains(_INSTANT)).then(value)
        micros = keep(
            0, usual.str.to_datetime(_FORMAT, strict=False, time_unit="us").dt.epoch("us")
        )
        fits = micros.is_between(MIN_MICROS, MAX_MICROS)
        return varint(keep(1, zigzag(pl.when(fits).then(micros))), 5)

    return write


def _inside(field: Field | None, scale: int) -> Callable[[pl.Expr], pl.Expr]:
    """Whether numbers keep their field's bounds, which need not be whole."""
    keeps = [] if field is None else [*map(_bound, bounds_of(field, scale))]

    def inside(number: pl.Expr) -> pl.Expr:
        return pl.all_horizontal(pl.lit(value=True), *(kept(number) for kept in keeps))

    return inside


def _bound(outside: tuple[str, Decimal | float]) -> Callable[[pl.Expr], pl.Expr]:
    name, bound = outside
    whole = math.ceil(bound) if name == "<" else math.floor(bound)
    if not -_SAFE < whole < _SAFE:
        return lambda _: pl.lit(value=False)  # nobody asks that of 64 bits: the walk knows
    kept: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
        "<=": lambda number: number > whole,
        "<": lambda number: number >= whole,
        ">": lambda number: number <= whole,
    }
    return kept[name]


WRITERS: Mapping[str, LeafWriter] = {
    "string": LeafWriter(pl.String, text),
    "int": LeafWriter(pl.Int64, _whole(*INT32, pieces=3), whole_of_text),
    "long": LeafWriter(pl.Int64, _whole(-_SAFE, _SAFE - 1, pieces=5), whole_of_text),
    "decimal": LeafWriter(pl.String, decimal),
    "timestamp-micros": LeafWriter(pl.String, instant),
}
"""By kind of leaf."""
