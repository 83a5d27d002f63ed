"""The accepted value domain, once. docs/value-domain.md says the same for people.

Whatever writes or reads a fact (the row engine, the columnar engine, a source's row) accepts these
values and no others; a value that an engine would take but that is not here is refused.
"""

import re
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from typing import Any

from backbone.contracts.shape import MAX_PRECISION, Leaf
from backbone.contracts.walk import Convert, Unfit

INT32 = (-(1 << 31), (1 << 31) - 1)
INT64 = (-(1 << 63), (1 << 63) - 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MIN_MICROS = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z
MAX_MICROS = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z
MIN_DAYS = -719_162  # 0001-01-01
MAX_DAYS = 2_932_896  # 9999-12-31
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Room to shift any accepted decimal without rounding, whatever the caller's context is.
EXACT = Context(prec=2 * MAX_PRECISION + 2)

OUTSIDE_TIME = "must lie in the years 1 to 9999 (UTC)"


def accept(leaf: Leaf) -> Convert:
    """Compile a check that gives an accepted value back in its one form, or raises Unfit."""
    return _CHECKS[leaf.logical or leaf.kind](leaf)


def micros(instant: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (instant - EPOCH) // MICROSECOND


def _boolean(_: Leaf) -> Convert:
    def check(value: Any) -> bool:
        if value is True or value is False:
            return value
        raise Unfit("must be true or false")

    return check


def _whole(bits: int, low: int, high: int) -> Convert:
    def check(value: Any) -> int:
        if type(value) is not int:
            raise Unfit("must be a whole number")
        if not low <= value <= high:
            raise Unfit(f"must fit in {bits} bits")
        return value

    return check


def _double(_: Leaf) -> Convert:
    def check(value: Any) -> float:
        if type(value) is not float:
            raise Unfit("must be a number")
        if value - value != 0.0:  # true of infinity and NaN alone
            raise Unfit("must be finite")
        return value

    return check


def _float(leaf: Leaf) -> Convert:
    finite = _double(leaf)

    def check(value: Any) -> float:
        number: float = finite(value)
        try:
            exact = struct.unpack("<f", struct.pack("<f", number))[0] == number
        except OverflowError:
            exact = False
        if not exact:
            raise Unfit("must be exact in 32 bits: declare the field as double")
        return number

    return check


def _string(_: Leaf) -> Convert:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise Unfit("must be text")
        if "\0" in value:  # Postgres takes it in no text column, and C programs cut there
            raise Unfit("must not hold a NUL character")
        if not value.isascii():
            _encodable(value)
        return value

    return check


def _encodable(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unfit("must be valid Unicode: it holds half a surrogate pair") from None


def _bytes(_: Leaf) -> Convert:
    def check(value: Any) -> bytes:
        if not isinstance(value, bytes):
            raise Unfit("must be bytes")
        return value

    return check


def _fixed(leaf: Leaf) -> Convert:
    def check(value: Any) -> bytes:
        if not isinstance(value, bytes) or len(value) != leaf.size:
            raise Unfit(f"must be {leaf.size} bytes")
        return value

    return check


def _enum(leaf: Leaf) -> Convert:
    symbols = frozenset(leaf.symbols)
    listed = ", ".join(leaf.symbols[:10]) + (", ..." if len(symbols) > 10 else "")  # noqa: PLR2004

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in symbols:
            raise Unfit(f"must be one of {listed}")
        return value

    return check


def _decimal(leaf: Leaf) -> Convert:
    quantum = Decimal((0, (1,), -leaf.scale))
    limit = Decimal((0, (1,), leaf.precision - leaf.scale))
    whole = leaf.precision - leaf.scale
    zero = Decimal((0, (0,), -leaf.scale))

    def check(value: Any) -> Decimal:
        if not isinstance(value, Decimal):
            raise Unfit("must be a decimal")
        if not value.is_finite():
            raise Unfit("must be finite")
        if not -limit < value < limit:
            raise Unfit(f"must have at most {whole} digits before the point")
        if not value:
            return zero  # never -0: Avro has none, and both would be shown differently
        if value.same_quantum(quantum):
            return value
        exact = value.quantize(quantum, context=EXACT)
        if exact != value:
            raise Unfit(f"must have at most {leaf.scale} decimal places")
        return exact

    return check


def _instant(_: Leaf) -> Convert:
    def check(value: Any) -> datetime:
        if not isinstance(value, datetime):
            raise Unfit("must be an instant")
        if value.tzinfo is UTC:
            return value
        if value.utcoffset() is None:  # a naive one would be read as the process's local time
            raise Unfit("must be an instant with its offset from UTC")
        try:
            return value.astimezone(UTC)
        except (OverflowError, ValueError):
            raise Unfit(OUTSIDE_TIME) from None

    return check


def _date(_: Leaf) -> Convert:
    def check(value: Any) -> date:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise Unfit("must be a date")
        return value

    return check


def _uuid(leaf: Leaf) -> Convert:
    text = _string(leaf)

    def check(value: Any) -> str:
        uuid: str = text(value)
        if not UUID.fullmatch(uuid):
            raise Unfit("must be a UUID of 36 characters in lower case")
        return uuid

    return check


_CHECKS: Mapping[str, Callable[[Leaf], Convert]] = {
    "boolean": _boolean,
    "int": lambda _: _whole(32, *INT32),
    "long": lambda _: _whole(64, *INT64),
    "float": _float,
    "double": _double,
    "string": _string,
    "bytes": _bytes,
    "fixed": _fixed,
    "enum": _enum,
    "decimal": _decimal,
    "timestamp-micros": _instant,
    "date": _date,
    "uuid": _uuid,
}
