"""Every line of docs/value-domain.md, as bytes and as values."""

import math
import re
import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backbone.codec.framing import unframe
from backbone.codec.row_engine import MAX_PAYLOAD_BYTES, RowDecoder, RowEncoder
from backbone.contracts.contract import Contract
from backbone.errors import Poison, PoisonReason

PAGE = Path(__file__).parents[3] / "docs" / "value-domain.md"
OUT_OF_DOMAIN, UNDECODABLE = PoisonReason.OUT_OF_DOMAIN, PoisonReason.UNDECODABLE
TRAILING = PoisonReason.TRAILING_BYTES


def varint(number: int) -> bytes:
    rest, written = (number << 1) ^ (number >> 63), b""
    while rest > 127:
        written, rest = written + bytes([rest & 127 | 128]), rest >> 7
    return written + bytes([rest])


def sized(content: bytes) -> bytes:
    return varint(len(content)) + content


@dataclass(frozen=True)
class Case:
    """What a type accepts (written and read back), what it refuses to write, and to read."""

    type: Any
    accepted: tuple[Any, ...]
    refused: tuple[Any, ...]
    bytes_refused: tuple[tuple[bytes, PoisonReason], ...]


DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
FIXED_DECIMAL = {"type": "fixed", "name": "D", "size": 9, "logicalType": "decimal"}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
DATE = {"type": "int", "logicalType": "date"}
UUID = {"type": "string", "logicalType": "uuid"}
ENUM = {"type": "enum", "name": "E", "symbols": ["UNKNOWN", "PAID"]}
LINE = {"type": "record", "name": "Line", "fields": [{"name": "a", "type": "int"}]}
FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
EAST = timezone(timedelta(hours=1))
MIN_MICROS, MAX_MICROS = -62_135_596_800_000_000, 253_402_300_799_999_999

VALUES: dict[str, Case] = {
    "V01": Case("boolean", (True, False), (1, 0, "true", None), ((b"", UNDECODABLE),)),
    "V02": Case(
        "int",
        (0, -(2**31), 2**31 - 1),
        (2**31, -(2**31) - 1, True, 1.0, "1", None),
        ((varint(2**31), OUT_OF_DOMAIN), (varint(2**40), OUT_OF_DOMAIN), (b"\x80", UNDECODABLE)),
    ),
    "V03": Case(
        "long", (0, -(2**63), 2**63 - 1), (2**63, -(2**63) - 1, True, 1.0), ((b"", UNDECODABLE),)
    ),
    "V04": Case(
        "float",
        (0.5, -1.0, 0.0),
        (0.1, 1e39, math.nan, math.inf, 1),
        (
            (struct.pack("<f", math.nan), OUT_OF_DOMAIN),
            (struct.pack("<f", math.inf), OUT_OF_DOMAIN),
        ),
    ),
    "V05": Case(
        "double",
        (0.1, 1e300),
        (math.nan, math.inf, -math.inf, 1, "0.1"),
        ((struct.pack("<d", math.nan), OUT_OF_DOMAIN), (b"\0\0\0", UNDECODABLE)),
    ),
    "V06": Case(
        "string",
        ("", "Grüße \U0001f600", "Привет, мир, 你好世界", "x" * 10_000),
        ("a\0b", "\ud800", b"bytes", 5),
        (
            (sized(b"a\0"), OUT_OF_DOMAIN),
            (sized(b"\xed\xa0\x80"), UNDECODABLE),
            (sized(b"\xff"), UNDECODABLE),
            (varint(-5) + b"x" * 20, UNDECODABLE),
            (varint(2**40) + b"x", UNDECODABLE),
        ),
    ),
    "V07": Case("bytes", (b"", b"\0\xff"), ("text", 5), ((varint(9) + b"x", UNDECODABLE),)),
    "V08": Case(
        {"type": "fixed", "name": "F", "size": 2},
        (b"ab",),
        (b"a", b"abc", "ab"),
        ((b"a", UNDECODABLE), (b"abc", TRAILING)),
    ),
    "V09": Case(ENUM, ("UNKNOWN", "PAID"), ("paid", "", 1), ((varint(2), UNDECODABLE),)),
    "V10": Case(
        DECIMAL,
        (Decimal("999999999999999.9999"), Decimal("-0.0001"), Decimal("1.5"), Decimal("1E+3")),
        (
            Decimal(10**15),
            Decimal("0.00001"),
            Decimal("NaN"),
            Decimal("-Infinity"),
            1.5,
            5,
            "1.5",
        ),
        (
            (sized((10**19).to_bytes(9, "big")), OUT_OF_DOMAIN),
            (sized((10**19 + 5).to_bytes(16, "big")), OUT_OF_DOMAIN),
            (sized(b"\x7f" * 1_000_000), OUT_OF_DOMAIN),
            (sized(b""), OUT_OF_DOMAIN),
        ),
    ),
    "V11": Case(
        MICROS,
        (FIRST, LAST, datetime(2011, 10, 4, 10, tzinfo=EAST)),
        (
            datetime(2011, 10, 4, 10),  # noqa: DTZ001 - that is the case
            datetime(1, 1, 1, tzinfo=EAST),
            0,
            "2011-10-04T10:00:00Z",
            date(2011, 10, 4),
        ),
        (
            (varint(MIN_MICROS - 1), OUT_OF_DOMAIN),
            (varint(MAX_MICROS + 1), OUT_OF_DOMAIN),
            (varint(2**62), OUT_OF_DOMAIN),
        ),
    ),
    "V12": Case(
        DATE,
        (date.min, date.max, date(2011, 10, 4)),
        (datetime(2011, 10, 4, tzinfo=UTC), 0, "2011-10-04"),
        ((varint(2_932_897), OUT_OF_DOMAIN), (varint(-719_163), OUT_OF_DOMAIN)),
    ),
    "V13": Case(
        UUID,
        ("89791762-2336-4186-9674-299b90a802e2",),
        ("89791762-2336-4186-9674-299B90A802E2", "89791762233641869674299b90a802e2", ""),
        ((sized(b"{89791762-2336-4186-9674-299b90a802e2}"), OUT_OF_DOMAIN),),
    ),
    "V14": Case(["null", "int"], (None, 5), ("", 2**31), ((varint(2), UNDECODABLE),)),
    "V15": Case(
        {"type": "array", "items": "int"},
        ([], [1, 2, 3]),
        ("123", {"a": 1}, [1, None], 5),
        (
            (varint(2**40) + b"\2\4\0", UNDECODABLE),
            (varint(1) + varint(2**31) + b"\0", OUT_OF_DOMAIN),
            (varint(1) + b"\2", UNDECODABLE),
        ),
    ),
    "V16": Case(
        {"type": "map", "values": "int"},
        ({}, {"a": 1, "ü": 2}),
        ([], {"a\0": 1}, {1: 1}, {"a": None}),
        ((varint(1) + sized(b"\0") + b"\2\0", OUT_OF_DOMAIN),),
    ),
    "V17": Case(LINE, ({"a": 1},), ({}, {"a": 1, "b": 2}, [1], None), ((b"", UNDECODABLE),)),
}
ONE_BAD = [(line, value) for line, case in VALUES.items() for value in case.refused]
ONE_GOOD = [(line, value) for line, case in VALUES.items() for value in case.accepted]
BAD_BYTES = [(line, *each) for line, case in VALUES.items() for each in case.bytes_refused]
LAX: dict[str, list[tuple[Any, bytes, Any]]] = {
    "L01": [("boolean", b"\2", True)],
    "L02": [(["null", "int"], varint(-1) + b"\2", 1), (ENUM, varint(-1), "PAID")],
    "L03": [("long", b"\x80" * 9 + b"\0", 0), ("int", b"\x82\x80\0", 1)],
    "L04": [({"type": "array", "items": "int"}, varint(-1) + varint(99) + b"\2\0", [1])],
    "L05": [({"type": "map", "values": "int"}, varint(2) + b"\2a\2\2a\4\0", {"a": 2})],
    "L06": [(DECIMAL, sized(bytes(15) + b"\5"), Decimal("0.0005"))],
}
LAXITIES = [(line, *each) for line, cases in LAX.items() for each in cases]


def _contract(kind: Any) -> Contract:
    schema = {
        "type": "record",
        "name": "Happened",
        "fields": [{"name": "it", "type": kind}],
    }
    named = (
        "test.thing.v1",
        "it",
        "log",
        1,
        "forever",
        "us",
        "/test",
        60,
        "public",
        "any",
        "draft",
    )
    return Contract("Happened", 1, schema, *named)


def _read(kind: Any, payload: bytes) -> Any:
    contract = _contract(kind)
    return RowDecoder(contract.schema, contract.shape, contract).decode(payload)["it"]


def _write(kind: Any, value: Any) -> bytes:
    return RowEncoder(_contract(kind)).encode({"it": value})


@pytest.mark.parametrize(("line", "value"), ONE_GOOD)
def test_an_accepted_value_is_read_as_it_was_written(line: str, value: Any) -> None:
    kind = VALUES[line].type
    assert _read(kind, _write(kind, value)) == value


@pytest.mark.parametrize(("line", "value"), ONE_BAD)
def test_a_value_outside_is_not_written(line: str, value: Any) -> None:
    with pytest.raises(Poison) as caught:
        _write(VALUES[line].type, value)
    assert caught.value.reason is PoisonReason.INVALID
    assert all(violation.startswith("it") for violation in caught.value.violations)


@pytest.mark.parametrize(("line", "payload", "reason"), BAD_BYTES)
def test_bytes_outside_are_not_read(line: str, payload: bytes, reason: PoisonReason) -> None:
    with pytest.raises(Poison) as caught:
        _read(VALUES[line].type, payload)
    assert caught.value.reason is reason


@pytest.mark.parametrize(("line", "kind", "payload", "value"), LAXITIES)
def test_a_laxity_is_as_written_down(line: str, kind: Any, payload: bytes, value: Any) -> None:
    assert line in PAGE.read_text()
    assert _read(kind, payload) == value


def test_a_decimal_is_read_with_all_its_decimal_places() -> None:
    assert str(_read(DECIMAL, _write(DECIMAL, Decimal("1.5")))) == "1.5000"


def test_a_decimal_on_fixed_bytes_is_read_as_it_was_written() -> None:
    kind = {**FIXED_DECIMAL, "precision": 19, "scale": 4}
    assert _read(kind, _write(kind, Decimal("-12.3456"))) == Decimal("-12.3456")


def test_a_missing_field_takes_its_default_when_written() -> None:
    field = {"name": "a", "type": ["null", "int"], "default": None}
    kind = {"type": "record", "name": "Line", "fields": [field]}
    assert _read(kind, _write(kind, {})) == {"a": None}


def test_p01_every_byte_belongs_to_the_fact() -> None:
    for payload, reason in ((b"\2\2", TRAILING), (b"", UNDECODABLE)):
        with pytest.raises(Poison) as caught:
            _read("int", payload)
        assert caught.value.reason is reason


def test_p02_a_payload_has_at_most_four_mebibytes() -> None:
    fits = MAX_PAYLOAD_BYTES - 4
    assert len(_read("string", varint(fits) + b"x" * fits)) == fits
    with pytest.raises(Poison) as caught:
        _read("string", varint(fits + 1) + b"x" * (fits + 1))
    assert caught.value.reason is PoisonReason.TOO_LARGE


@pytest.mark.parametrize(
    "payload",
    [
        b"\x80" * 10 + b"\1",
        b"\x80" * 10 + b"\0",
        b"\x80" * 200 + b"\1",
        b"\xff" * 9 + b"\x7f",
        b"\xff" * 9 + b"\2",
    ],
)
def test_p03_a_number_has_at_most_ten_bytes_and_64_bits(payload: bytes) -> None:
    with pytest.raises(Poison) as caught:
        _read("long", payload)
    assert caught.value.reason is UNDECODABLE


def test_p04_a_frame_is_a_zero_byte_and_a_schema_id() -> None:
    for value in (None, b"", b"\0\0\0\1", b'{"a": 1}'):
        with pytest.raises(Poison) as caught:
            unframe(value)
        assert caught.value.reason is PoisonReason.BAD_FRAME


def test_every_line_of_the_page_has_its_case() -> None:
    lines = re.findall(r"^\| ([VLP][0-9]{2}) \|", PAGE.read_text(), flags=re.MULTILINE)
    tested = [name[5:8].upper() for name in globals() if name.startswith("test_p0")]
    assert sorted(lines) == sorted([*VALUES, *LAX, *tested])
