"""Straight code gives what the walk and fastavro give, or leaves it to them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.codec import raw
from backbone.codec.raw import without_logical_types
from backbone.codec.row_engine import RowEncoder
from backbone.codec.straight_encoder import straight_encoder, varint
from backbone.codec.straight_lift import straight_lift
from backbone.codec.straight_writer import straight_writer
from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.contracts.domain import MAX_MICROS, MIN_MICROS, accept
from backbone.contracts.parse import compile_parser
from backbone.contracts.rules import rule_of
from backbone.contracts.shape import read_shape
from backbone.contracts.straight_parser import straight_parser
from backbone.contracts.walk import Leaves, Unfit, compile_walk
from backbone.settings import REPOSITORY
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


PARSE = straight_parser(SHAPE)
ENCODE = straight_encoder(SHAPE)
WRITE = straight_writer(SHAPE, ("key", "at"), b"\0frame")


def test_what_is_parsed_straight_is_what_the_walk_parses() -> None:
    assert PARSE is not None
    taken = 0
    for payload in with_one_odd("2.5", "2011-10-04T10:00:00.25Z", ODD + ODD_TEXTS + ODD_VALUES):
        found = given_by(PARSE, payload)
        taken += found is not None
        assert found in (None, given_by(WALK_PARSE, payload)), payload

    assert taken > 50


def test_what_is_written_straight_is_what_fastavro_writes() -> None:
    assert ENCODE is not None
    taken, at = 0, datetime(2011, 10, 4, 10, microsecond=250_000, tzinfo=UTC)
    for data in with_one_odd(Decimal("2.5000"), at, ODD + ODD_TEXTS + ODD_VALUES):
        found = given_by(ENCODE, data)
        taken += found is not None
        assert found in (None, given_by(walked_bytes, data)), data

    assert taken > 50


@pytest.mark.parametrize("turn", ["texts are new", "texts come again"])
def test_what_is_read_and_written_at_once_is_what_the_walk_and_fastavro_give(turn: str) -> None:
    assert WRITE is not None, turn
    taken = 0
    for row in with_one_odd("2.5", "2011-10-04T10:00:00.25Z", ODD + ODD_TEXTS + ODD_VALUES):
        found = given_by(WRITE, row)
        taken += found is not None
        assert found in (None, given_by(walked_row, row)), row

    assert taken > 50


digits = st.text("0123456789", max_size=8)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(["", "-", "+"]), digits, digits, st.datetimes())
def test_any_price_and_instant_of_a_row_is_written_as_fastavro_writes_it(
    sign: str, whole: str, part: str, at: datetime
) -> None:
    assert WRITE is not None
    price = f"{sign}{whole}.{part}" if part else f"{sign}{whole}"
    row = well(price, at.isoformat() + "Z")

    assert given_by(WRITE, row) in (None, given_by(walked_row, row))


numbers = st.decimals(-5, 10**14, places=4)
microseconds = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=500, deadline=None)
@given(numbers, microseconds, st.integers(-(2**63), 2**63 - 1))
def test_any_number_and_instant_is_written_as_fastavro_writes_it(
    price: Decimal, at: datetime, large: int
) -> None:
    assert ENCODE is not None
    data = well(price, at) | {"large": large}

    assert given_by(ENCODE, data) in (None, given_by(walked_bytes, data))


ODD_RAW = [b"", b"\x00", b"\xff" * 8, b"\x7f" * 8, b"\x01" * 16, b"\x01" * 17, b"\x80"]
ODD_MICROS = [MIN_MICROS, MIN_MICROS - 1, MAX_MICROS, MAX_MICROS + 1, -1, 0]


def test_what_is_lifted_straight_is_what_the_walk_lifts() -> None:
    straight = straight_lift(SHAPE)
    assert straight is not None
    walk = compile_walk(SHAPE, Leaves(raw._leaf))
    taken = 0
    for value in with_one_odd(b"\x61\xa8", 1_317_722_400_250_000, ODD + ODD_RAW + ODD_MICROS):
        found = given_by(straight, value)
        taken += found is not None
        assert found in (None, given_by(walk, value)), value

    assert taken > 50


def test_the_ordinary_fact_is_taken_straight() -> None:
    line = {"code": "A1", "quantity": 2, "note": None}
    row = {"key": "k", "price": "2.5", "at": "2011-10-04T10:00:00.5Z", "lines": [line] * 70}
    assert PARSE is not None
    assert ENCODE is not None

    data = PARSE(row)

    assert WRITE is not None
    assert WRITE(row) == walked_row(row)
    assert data["price"] == Decimal("2.5000")
    assert data["large"] == 7
    assert ENCODE(data) == walked_bytes(data)


# They have dates, enums or booleans, which are not written out, or rules across fields.
BY_THE_WALK = {
    *("ContractSigned", "CustomerChanged", "FulfillmentShipped", "InventoryReleased"),
    *("InvoiceIssued", "PaymentAuthorized", "PaymentRefused"),
}
ACROSS_FIELDS = {"InventoryReserved", "PaymentRefunded"}


def test_every_contract_of_ours_is_taken_straight_but_those_named() -> None:
    contracts = Contracts.load(REPOSITORY / "avro").values()

    parsed = {each.name for each in contracts if straight_parser(each.shape)}
    encoded = {each.name for each in contracts if straight_encoder(each.shape)}
    written = {each.name for each in contracts if straight_writer(each.shape, (each.key,), b"")}

    every = {each.name for each in contracts}
    assert parsed == encoded & parsed == every - BY_THE_WALK
    assert written == every - BY_THE_WALK - ACROSS_FIELDS


@pytest.mark.parametrize("kind", ["double", {"type": "map", "values": "int"}])
def test_a_shape_with_other_parts_is_for_the_walk(kind: Any) -> None:
    fields = [{"name": "key", "type": "string"}, {"name": "x", "type": kind}]
    shape = read_shape({"type": "record", "name": "F", "fields": fields})

    assert straight_parser(shape) is None
    assert straight_encoder(shape) is None
    assert straight_writer(shape, ("key",), b"") is None


def test_what_is_wrong_is_named_as_ever() -> None:
    with pytest.raises(Unfit):
        WALK_CHECK({"key": "k"})
    with pytest.raises(Exception, match="price: is missing"):
        RowEncoder(CONTRACT).encode({"key": "k"})


@settings(max_examples=300)
@given(st.integers(0, 2**64 - 1))
def test_a_varint_is_read_back(number: int) -> None:
    data = varint(number)

    assert sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(data)) == number
    assert [byte >> 7 for byte in data] == [1] * (len(data) - 1) + [0]


def test_a_schema_of_more_loops_than_python_allows_is_left_to_the_walk() -> None:
    # one such writer's schema ended every worker of the topic
    kind: Any = "long"
    for _ in range(30):
        kind = {"type": "array", "items": kind}
    schema = {"type": "record", "name": "F", "fields": [{"name": "deep", "type": kind}]}
    shape = read_shape(schema)
    assert straight_lift(shape) is None
    lift = raw.compile_lift(shape)
    assert lift({"deep": []}) == {"deep": []}
