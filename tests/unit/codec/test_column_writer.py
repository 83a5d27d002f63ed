"""Columns of rows are written as the walk and fastavro write each row, or a row is left to them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.codec.column_writer import ColumnWriter, column_writer
from backbone.codec.straight_encoder import straight_encoder
from backbone.contracts.parse import compile_parser
from backbone.contracts.shape import Record, read_shape
from tests.unit.codec.odd_facts import (
    ODD,
    ODD_TEXTS,
    ODD_VALUES,
    SHAPE,
    given_by,
    walked_row,
    well,
    with_one_odd,
)

AT = "2011-10-04T10:00:00.25Z"
EVERY_ODD = [*with_one_odd("2.5", AT, ODD + ODD_TEXTS + ODD_VALUES)]
ORDINARY = [well(f"{price}.25", AT) | {"key": f"k{price}"} for price in range(1, 20)]


def made(shape: Any = SHAPE, prefix: bytes = b"\0frame") -> ColumnWriter:
    writer = column_writer(shape, prefix, few=1)
    assert writer is not None
    return writer


WRITER = made()


def payloads(rows: Sequence[Any]) -> list[bytes | None]:
    return list(WRITER.written([said(row) for row in rows], ())[0])


def said(row: Any) -> str:
    """As JSON, where that can say it; what a test cannot say so is in doubt as well."""
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False)
    except TypeError:
        return "?"


def heard(row: Any) -> Any:
    """What the walk is given for it."""
    try:
        return json.loads(said(row))
    except ValueError:
        return None


def walked(row: Any) -> bytes | None:
    found = given_by(walked_row, heard(row))
    return None if found is None else walked_row(heard(row))[0]


def test_an_odd_row_alone_is_written_as_the_walk_writes_it_or_left_to_it() -> None:
    taken = 0
    for row in EVERY_ODD:
        (found,) = payloads([row])
        taken += found is not None
        assert found in (None, walked(row)), row

    assert taken > 50


def test_an_odd_row_among_others_is_written_as_the_walk_writes_it_or_left_to_it() -> None:
    for row, found in zip(EVERY_ODD, payloads(EVERY_ODD), strict=True):
        assert found in (None, walked(row)), row


@pytest.mark.parametrize("odd", range(0, len(EVERY_ODD), 37))
def test_ordinary_rows_are_written_whatever_stands_among_them(odd: int) -> None:
    odd_one = EVERY_ODD[odd]

    found = payloads([odd_one, *ORDINARY[:9], odd_one, *ORDINARY[9:]])

    assert found[1:10] + found[11:] == [walked(row) for row in ORDINARY]


def test_what_is_no_object_or_has_other_members_is_left_to_the_walk() -> None:
    more = ORDINARY[0] | {"more": 1}
    less = {name: value for name, value in ORDINARY[0].items() if name != "key"}
    rows: list[Any] = [*ORDINARY[:2], "text", None, more, [], less, ORDINARY[2]]

    found = payloads(rows)

    assert [each is None for each in found] == [False, False, *[True] * 5, False]


def test_members_may_come_in_any_order_and_those_with_defaults_may_be_left_out() -> None:
    row = dict(reversed(ORDINARY[0].items()))
    short = {name: value for name, value in row.items() if name not in {"tax", "large"}}

    assert payloads([row, short, ORDINARY[1]]) == [
        *(walked(each) for each in (row, short, ORDINARY[1])),
    ]


FLAT = Record("Flat", tuple(each for each in SHAPE.fields if each.name != "lines"))


def test_cells_are_written_as_the_objects_they_are_of() -> None:
    rows = [
        {"key": f"k{at}", "price": f"{at}.25", "tax": "0.5", "at": AT, "large": f"{at - 9}"}
        for at in range(20)
    ]
    rows[3]["large"], rows[5]["price"], rows[7]["at"] = "x", "", "2011-10-04"
    cells = {name: [row[name] for row in rows] for name in rows[0]}
    walk = compile_parser(FLAT)
    encoder = straight_encoder(FLAT)

    values, (keys, times) = made(FLAT, b"").written(cells, ("key", "at"))

    assert [at for at, each in enumerate(values) if each is None] == [3, 5, 7]
    for value, row in zip(values, rows, strict=True):
        assert value is None or (encoder and value == encoder(walk(row)))
    assert (keys, times) == (cells["key"], cells["at"])


def test_cells_may_lack_what_may_be_null_and_nothing_else() -> None:
    cells = {"key": ["k"], "price": ["1"], "at": [AT], "large": ["1"]}
    writer, walk, encoder = made(FLAT, b""), compile_parser(FLAT), straight_encoder(FLAT)
    row = {name: cell for name, (cell,) in cells.items()}

    assert encoder is not None
    assert writer.written(cells, ())[0] == [encoder(walk(row))]
    assert writer.written(cells | {"more": ["1"]}, ())[0] == [None]
    assert writer.written({"key": ["k"]}, ())[0] == [None]


@pytest.mark.parametrize(
    "texts",
    [
        ('{"key": "1"', '"at": "a"}'),
        ("[1", "2]"),
        ("1,2", "[3", "4]"),
        ("", "1,2"),
        ("null", "{}"),
    ],
    ids=str,
)
def test_what_is_no_object_is_in_doubt(texts: tuple[str, ...]) -> None:
    assert WRITER.written(texts, ("key",)) == ([None] * len(texts), [[None] * len(texts)])


SPACED = json.dumps(ORDINARY[0], ensure_ascii=False)
PACKED = json.dumps(ORDINARY[1], ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize(
    "lax",
    [
        SPACED.replace('"quantity": 64', '"quantity": 64.5'),
        SPACED.replace('"quantity": 64', '"quantity": 6e1'),
        SPACED.replace('"quantity": 64', '"quantity": 1, "quantity": 64'),
        SPACED.replace('"key": "k1"', '"key": "k0", "key": "k1"'),
        SPACED.replace('"key": "k1"', '"key": 1'),
        SPACED.replace('"key": "k1"', '"key": "k\\u0031"'),
        SPACED[:-1] + ', "more": 1}',
        SPACED[:-1] + ', "tax": null}',
        "[" + SPACED + "]",
        SPACED + "x",
    ],
    ids=[
        "fraction",
        "exponent",
        "number_twice",
        "text_twice",
        "number_for_text",
        "escape",
        "one_more",
        "null_twice",
        "list",
        "trailing",
    ],
)
def test_what_the_engine_reads_laxly_is_in_doubt(lax: str) -> None:
    texts = [SPACED, lax, PACKED]

    assert [each is None for each in WRITER.written(texts, ())[0]] == [False, True, False]


def test_ways_of_writing_may_differ_in_a_batch() -> None:
    other = dict(reversed(ORDINARY[2].items()))
    short = {name: value for name, value in ORDINARY[3].items() if name != "tax"}
    texts = [SPACED, PACKED, said(other), said(short), SPACED]

    values, (keys,) = WRITER.written(texts, ("key",))

    assert values == [walked(each) for each in (*ORDINARY[:3], short, ORDINARY[0])]
    assert keys == ["k1", "k2", "k3", "k4", "k1"]


def test_long_texts_many_items_and_repeated_values() -> None:
    line = {"code": "A1", "quantity": 2, "note": None}
    rows = [
        {"key": "k", "price": "2.5", "at": AT, "lines": [line] * count}
        for count in (1, 2, 8000, 0, 1, 9000, 1)
    ]
    shape = read_shape({"type": "record", "name": "T", "fields": [{"name": "t", "type": "string"}]})
    texts = ['{"t":"%s"}' % ("x" * size) for size in (8000, 9000)]

    found = payloads(rows)

    assert [at for at, each in enumerate(found) if each is None] == [3, 5]  # none, and too many
    assert found[:3] + found[4:5] + found[6:] == [walked(rows[at]) for at in (0, 1, 2, 4, 6)]
    assert made(shape, b"").written(texts, ())[0] == [b"\x80\x7d" + b"x" * 8000, None]


digits = st.text("0123456789", max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["", "-", "+"]), digits, digits, st.datetimes())
def test_any_price_and_instant_is_written_as_fastavro_writes_it(
    sign: str, whole: str, part: str, at: Any
) -> None:
    price = f"{sign}{whole}.{part}" if part else f"{sign}{whole}"
    row = well(price, at.isoformat() + "Z")

    assert payloads([row])[0] in (None, walked(row))


def test_a_record_that_is_null_is_in_doubt_though_all_its_members_may_be() -> None:
    city = {"name": "city", "type": ["null", "string"], "default": None}
    place = {"type": "record", "name": "Place", "fields": [city]}
    fields = [{"name": "key", "type": "string"}, {"name": "place", "type": place}]
    shape = read_shape({"type": "record", "name": "Fact", "fields": fields})
    rows = [{"key": "k", "place": {"city": None}}, {"key": "k", "place": None}]
    written = made(shape).written([said(row) for row in rows], ())[0]
    assert [each is None for each in written] == [False, True]


@pytest.mark.parametrize("kind", ["double", {"type": "map", "values": "int"}])
def test_a_shape_with_other_parts_is_for_the_walk(kind: Any) -> None:
    fields = [{"name": "key", "type": "string"}, {"name": "x", "type": kind}]
    shape = read_shape({"type": "record", "name": "F", "fields": fields})

    assert column_writer(shape, b"") is None
