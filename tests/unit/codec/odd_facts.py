"""A contract with a bit of everything, facts of it that are odd in one place, and what the walk and
fastavro make of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO
from typing import Any

from fastavro import parse_schema, schemaless_writer

from backbone.codec.raw import without_logical_types
from backbone.contracts.contract import Contract
from backbone.contracts.domain import accept
from backbone.contracts.parse import compile_parser
from backbone.contracts.rules import rule_of
from backbone.contracts.walk import Leaves, compile_walk
from tests.unit.codec.awkward import NAMED

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
CODE = {"pattern": "^\\S(.*\\S)?$", "maxLength": 8}
LINE = [
    {"name": "code", "type": "string", "rules": CODE},
    {"name": "quantity", "type": "int", "rules": {"exclusiveMinimum": 0}},
    {"name": "note", "type": ["string", "null"], "rules": {"maxLength": 3}},
]
SCHEMA = {
    "type": "record",
    "name": "Happened",
    "fields": [
        {"name": "key", "type": "string", "rules": CODE},
        {"name": "price", "type": DECIMAL, "rules": {"minimum": "-5"}},
        {"name": "tax", "type": ["null", DECIMAL], "default": None},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "large", "type": "long", "default": 7},
        {
            "name": "lines",
            "type": {"type": "array", "items": {"type": "record", "name": "L", "fields": LINE}},
            "rules": {"minItems": 1},
        },
    ],
}
CONTRACT = Contract("Happened", 1, SCHEMA, *NAMED)
SHAPE = CONTRACT.shape
WALK_PARSE = compile_parser(SHAPE)
WALK_CHECK = compile_walk(SHAPE, Leaves(accept, rule_of))
FASTAVRO = parse_schema(without_logical_types(SCHEMA, frozenset({"uuid"})))


class Text(str):
    __slots__ = ()


ODD: list[Any] = [
    *("A", "a b", " a", "", "a\0", "\ud800", "ü", Text("A"), "A" * 9, "7", "-0", "٣", "9" * 19),
    *(None, True, 0, -1, 1, 63, 64, 1.0, 2.5, [], {}, [1], b"A"),
    *(2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1),
]
ODD_TEXTS: list[Any] = [
    *("1", "-0", "0.0000", "+2.50", "2.55555", "1e3", "NaN", "Infinity", " 1", "1_0", "-5.0001"),
    *("9" * 15, "9" * 16, "-" + "9" * 15 + ".9999", "0." + "1" * 30, "1." + "0" * 60),
    *("2011-10-04T10:00:00Z", "2011-10-04T10:00:00.5Z", "2011-10-04T10:00:00.123456Z"),
    *("0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
    *("2011-10-04 10:00:00Z", "2011-10-04T10:00:00+02:00", "2011-13-04T10:00:00Z"),
    *("2011-10-04T24:00:00Z", "2011-10-04T10:00:60Z", "2011-10-04T10:00:00.1234567Z"),
    *("2011-10-04T10:00:00", "2011-W40-2T10:00:00Z", "٢٠١١-10-04T10:00:00Z"),
]
ODD_VALUES: list[Any] = [
    *map(Decimal, ("0", "-0", "-0.0000", "1", "1.00000", "1.0001", "-4.9999", "-5.0001", "1E+3")),
    *map(
        Decimal,
        ("2.55555", "9" * 15, "9" * 16, "-" + "9" * 15 + ".9999", "NaN", "sNaN"),
    ),
    datetime(2011, 1, 1),  # noqa: DTZ001 - a naive one is refused
    datetime(2011, 1, 1, tzinfo=timezone(timedelta(hours=2))),
    *(datetime(year, 1, 1, 1, 2, 3, 4, tzinfo=UTC) for year in (1, 1969, 1970, 2011, 9999)),
]
PLACES = [
    *((name, False) for name in ("key", "price", "tax", "at", "large", "lines", "more")),
    *((name, True) for name in ("code", "quantity", "note", "more")),
]


def well(price: Any, at: Any) -> dict[str, Any]:
    """A fact of nothing but accepted values; some of its parts may be left out."""
    lines = [{"code": "ü", "quantity": 64 + at_line, "note": None} for at_line in range(70)]
    return {"key": "k", "price": price, "tax": price, "at": at, "large": -1, "lines": lines}


def with_one_odd(price: Any, at: Any, odd: list[Any]) -> Iterator[dict[str, Any]]:
    """Well but for one place, which holds anything, is left out or is not known."""
    for place, line in PLACES:
        for value in [*odd, MISSING]:
            fact = well(price, at)
            part = fact["lines"][3] if line else fact
            part[place] = value
            if value is MISSING:
                del part[place]
            yield fact


MISSING = object()


def given_by(made: Callable[[Any], Any], value: Any) -> Any:
    """What it gives, written out with every type; None where it does not."""
    try:
        found = made(value)
    except Exception:  # noqa: BLE001 - whatever it was, its caller goes on with the walk
        return None
    return None if found is None else repr(found)


def walked_bytes(data: Any) -> bytes:
    stream = BytesIO()
    schemaless_writer(stream, FASTAVRO, WALK_CHECK(data))
    return stream.getvalue()


def walked_row(row: Any) -> tuple[bytes, str, datetime]:
    """A row's bytes behind their frame, its key and its instant."""
    data = WALK_PARSE(row)
    return b"\0frame" + walked_bytes(data), data["key"], data["at"]
