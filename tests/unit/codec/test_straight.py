"""Straight code gives what the walk and fastavro give, or leaves it to them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.codec import raw
from backbone.codec.column_writer import column_writer
from backbone.codec.row_engine import RowEncoder
from backbone.codec.straight_encoder import straight_encoder, varint
from backbone.codec.straight_lift import straight_lift
from backbone.contracts.catalog import Contracts
from backbone.contracts.domain import MAX_MICROS, MIN_MICROS
from backbone.contracts.shape import read_shape
from backbone.contracts.straight_parser import straight_parser
from backbone.contracts.walk import Leaves, Unfit, compile_walk
from backbone.settings import REPOSITORY
from tests.unit.codec.odd_facts import (
    CONTRACT,
    ODD,
    ODD_TEXTS,
    ODD_VALUES,
    SHAPE,
    WALK_CHECK,
    WALK_PARSE,
    given_by,
    walked_bytes,
    well,
    with_one_odd,
)

PARSE = straight_parser(SHAPE)
ENCODE = straight_encoder(SHAPE)


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
    written = {each.name for each in contracts if column_writer(each.shape, b"")}

    every = {each.name for each in contracts}
    assert parsed == encoded & parsed == every - BY_THE_WALK
    assert written == every - BY_THE_WALK - ACROSS_FIELDS


@pytest.mark.parametrize("kind", ["double", {"type": "map", "values": "int"}])
def test_a_shape_with_other_parts_is_for_the_walk(kind: Any) -> None:
    fields = [{"name": "key", "type": "string"}, {"name": "x", "type": kind}]
    shape = read_shape({"type": "record", "name": "F", "fields": fields})

    assert straight_parser(shape) is None
    assert straight_encoder(shape) is None


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
