"""The value domain (docs/value-domain.md) column by column: which values it is not sure of.

Doubt is no verdict. A doubtful value may well be accepted (a decimal with nineteen digits, a long
near the end of its range); the row engine then decides about its fact, and says what is wrong with
it. What is not doubted here is in the domain, without exception.
"""

from collections.abc import Callable, Mapping

import polars as pl

from backbone.contracts.domain import INT32, INT64, MAX_DAYS, MAX_MICROS, MIN_DAYS, MIN_MICROS
from backbone.contracts.shape import MAX_DECIMAL_BYTES, Leaf

_UUID = r"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\z"
# Beyond, a number takes ten bytes, and the bits that its tenth has too many are dropped unseen.
_NINE_BYTES = (-(1 << 62), (1 << 62) - 1)
# Digits that eight bytes always hold, so that a value can be compared as a long.
LONG_DIGITS = 18
LONG_BYTES = 8


def doubt(leaf: Leaf, value: pl.Expr) -> pl.Expr | None:
    """True where a decoded value (decode_schema.py says as what) may lie outside of the domain;
    null where it is absent. None: whatever was decoded is in it."""
    make = _DOUBTS.get(leaf.logical or leaf.kind)
    return make(leaf, value) if make else None


def _outside(value: pl.Expr, low: int, high: int) -> pl.Expr:
    kind = pl.Int64 if INT64[0] <= low and high <= INT64[1] else pl.Int128
    return (value < pl.lit(low, kind)) | (value > pl.lit(high, kind))


def _finite(_: Leaf, value: pl.Expr) -> pl.Expr:
    return ~value.is_finite()


def _string(_: Leaf, value: pl.Expr) -> pl.Expr:
    return value.str.contains("\0", literal=True)


def _uuid(_: Leaf, value: pl.Expr) -> pl.Expr:
    return ~value.str.contains(_UUID)


def _enum(leaf: Leaf, value: pl.Expr) -> pl.Expr:
    return _outside(value, 0, len(leaf.symbols) - 1)


def _decimal(leaf: Leaf, value: pl.Expr) -> pl.Expr | None:
    limit = 10**leaf.precision
    # sizes whose every value has few enough digits
    certain = max(n for n in range(MAX_DECIMAL_BYTES + 1) if n == 0 or 1 << (8 * n - 1) <= limit)
    if leaf.size:
        number = as_long(value) if leaf.size <= LONG_BYTES else as_int128(value)
        return None if leaf.size <= certain else _outside(number, 1 - limit, limit - 1)
    size = value.bin.size()
    if leaf.precision > LONG_DIGITS:
        return (size < 1) | (size > certain)
    too_many = _outside(as_long(value), 1 - limit, limit - 1)
    return (size < 1) | (size > LONG_BYTES) | too_many


def as_long(value: pl.Expr) -> pl.Expr:
    """A decimal's bytes, at most eight, as the number they are."""
    return _padded(value).bin.tail(LONG_BYTES).bin.reinterpret(dtype=pl.Int64, endianness="big")


def as_int128(value: pl.Expr) -> pl.Expr:
    """A decimal's bytes, at most sixteen, as the number they are."""
    padded = _padded(value)
    low = padded.bin.tail(8).bin.reinterpret(dtype=pl.UInt64, endianness="big")
    high = padded.bin.tail(16).bin.head(8).bin.reinterpret(dtype=pl.Int64, endianness="big")
    return high.cast(pl.Int128) * (1 << 64) + low.cast(pl.Int128)


def _padded(value: pl.Expr) -> pl.Expr:
    negative = value.bin.get(0, null_on_oob=True) >= 0x80  # noqa: PLR2004 - the sign bit
    sign = pl.when(negative).then(pl.lit(b"\xff" * 16)).otherwise(pl.lit(bytes(16)))
    return sign + value


_DOUBTS: Mapping[str, Callable[[Leaf, pl.Expr], pl.Expr | None]] = {
    "int": lambda _, value: _outside(value, *INT32),
    "long": lambda _, value: _outside(value, *_NINE_BYTES),
    "float": _finite,
    "double": _finite,
    "string": _string,
    "enum": _enum,
    "decimal": _decimal,
    "timestamp-micros": lambda _, value: _outside(value, MIN_MICROS, MAX_MICROS),
    "date": lambda _, value: _outside(value, MIN_DAYS, MAX_DAYS),
    "uuid": _uuid,
}
