"""Columns as documents: the very bytes that `backbone/documents.py` and orjson make of rows."""

import math
import struct
from random import Random

import orjson
import pytest

from backbone.codec.container import varint
from backbone.documents import render, shown
from tests.unit.codec.awkward import (
    DECIMAL,
    LARGE_DECIMAL,
    SMALL_DECIMAL,
    STATE,
    Case,
    array,
    case_of,
    contract_of,
    record,
)
from tests.unit.codec.payloads import Maker

NESTED = record("Inner", b="boolean", e=["null", STATE], d=array(["null", LARGE_DECIMAL]))
SCHEMA = record(
    "F", a=DECIMAL, b=["null", SMALL_DECIMAL], c=["null", NESTED], d=array("Inner"), e="float"
)


def _case(schema: object) -> Case:
    assert isinstance(schema, dict)
    return case_of("F", schema, contract_of(schema))


def _same_documents(case: Case, payloads: list[bytes]) -> None:
    fields = [each.name for each in case.shape.fields]
    columns = case.columns.decode(payloads)
    assert not columns.poisons
    found = columns.documents(fields, range(len(payloads)))
    assert found == [orjson.dumps(render(case.rows.decode(payload))) for payload in payloads]


def test_every_character_is_written_as_orjson_writes_it() -> None:
    case = _case(record("F", text="string"))
    letters = [
        chr(code) for code in (*range(1, 0xD800), *range(0xE000, 0x11000), 0x1F600, 0x10FFFF)
    ]
    texts = ["".join(letters[at : at + 50]) for at in range(0, len(letters), 50)]
    _same_documents(case, [varint(len(text.encode())) + text.encode() for text in texts])


def test_every_number_is_written_as_orjson_writes_it() -> None:
    case, random = _case(record("F", number="double")), Random(1)
    powers = [10.0**exponent for exponent in range(-323, 309)]
    drawn = [struct.unpack("<d", random.randbytes(8))[0] for _ in range(20_000)]
    plain = [random.uniform(-1e6, 1e6) for _ in range(5_000)] + [0.0, -0.0, 5e-324, 0.1]
    finite = [number for number in (*powers, *drawn, *plain) if math.isfinite(number)]
    _same_documents(case, [struct.pack("<d", number) for number in finite])


@pytest.mark.parametrize("seed", range(3))
def test_decimals_enums_and_what_is_nested_are_written_as_rows_are(seed: int) -> None:
    case, random = _case(SCHEMA), Random(seed)
    _same_documents(case, [Maker(random).write(case.shape) for _ in range(300)])


@pytest.mark.parametrize("seed", range(3))
def test_a_field_is_shown_as_that_of_a_row_is(seed: int) -> None:
    case, random = _case(SCHEMA), Random(seed)
    payloads = [Maker(random).write(case.shape) for _ in range(300)]
    columns, rows = case.columns.decode(payloads), [case.rows.decode(each) for each in payloads]
    wanted = [("a",), ("b",), ("c",), ("d",), ("e",), ("c", "e", "d"), ("d", "b")]
    texts = columns.texts(wanted)
    assert list(texts) == wanted
    for names in wanted:
        found = texts[names].to_list()
        assert found == [orjson.dumps(shown(row[names[0]], names[1:])) for row in rows], names


@pytest.mark.parametrize("seed", range(3))
def test_a_member_of_each_object_is_that_of_a_row(seed: int) -> None:
    case, random = _case(SCHEMA), Random(seed)
    payloads = [Maker(random).write(case.shape) for _ in range(300)]
    columns, rows = case.columns.decode(payloads), [case.rows.decode(each) for each in payloads]
    for member in ("b", "e", "d"):
        expected = [[item[member] for item in row["d"]] for row in rows]
        assert columns.members("d", member) == expected, member
    assert columns.members("c", "b") is None, "no list of objects: the data says it"
    with pytest.raises(KeyError):
        columns.members("d", "x")


def test_what_the_contract_lacks_cannot_be_shown() -> None:
    case = _case(SCHEMA)
    columns = case.columns.decode([Maker(Random(1)).write(case.shape)])
    for names in (("x",), ("c", "x"), ("d", "x"), ("a", "x")):
        with pytest.raises(KeyError):
            columns.texts([names])


def test_a_field_that_no_document_can_hold_is_left_to_the_row() -> None:
    case = _case(record("F", raw="bytes", number="long"))
    columns = case.columns.decode([varint(1) + b"x" + varint(7)])
    assert not columns.has_texts("raw")
    assert columns.has_texts("number")
    with pytest.raises(KeyError):
        columns.has_texts("gone")


def test_facts_of_two_writers_of_one_batch_are_joined_in_the_order_of_the_log() -> None:
    contract = contract_of(record("F", a="long"))
    old = case_of("F", record("F", a="long", gone="string"), contract)
    new = case_of("F", contract.schema, contract)
    mixed = old.columns.decode([varint(7) + b"\0", b"bad", varint(9) + b"\0"], [0, 1, 4])
    joined = mixed.joined(new.columns.decode([varint(8), b""], [2, 3]))
    assert list(joined.rows()) == [(0, {"a": 7}), (2, {"a": 8}), (4, {"a": 9})]
    assert sorted(joined.poisons) == [1, 3]
    assert joined.numbers("a") == [7, 8, 9]


def test_documents_of_some_facts_come_in_the_order_they_are_asked_for() -> None:
    case = _case(record("F", a="long", b="long"))
    columns = case.columns.decode([varint(n) + varint(-n) for n in range(5)])
    assert columns.documents(["b"], [3, 0]) == [b'{"b":-3}', b'{"b":0}']
    assert columns.documents(["b"], []) == []


def test_what_no_writer_of_ours_writes_is_shown_as_rows_show_it() -> None:
    """A boolean byte of two is true, and a decimal may have more bytes than it needs."""
    case = _case(record("F", b="boolean", d=DECIMAL, n="long"))
    long_form = varint(12) + bytes(11) + b"\5"
    padded = b"\x82\x80\0"
    _same_documents(case, [b"\2" + long_form + padded, b"\xff" + long_form + varint(3)])
