"""Equal values are equal texts, whichever engine gave them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest

from backbone.documents import encode, render, shown

NINE = datetime(2011, 10, 4, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("2.5500"), "2.5500"),
        (Decimal("18.0000"), "18.0000"),
        (Decimal("-0.0000"), "-0.0000"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-10"), "0.0000000001"),
    ],
)
def test_a_decimal_is_text_with_all_its_decimal_places(value: Decimal, text: str) -> None:
    assert render(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NINE, "2011-10-04T09:00:00.000000Z"),
        (NINE.replace(microsecond=1), "2011-10-04T09:00:00.000001Z"),
        (NINE.astimezone(timezone(timedelta(hours=2))), "2011-10-04T09:00:00.000000Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
        (datetime.max.replace(tzinfo=UTC), "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_an_instant_is_text_in_utc_with_a_year_of_four_and_a_second_of_six_digits(
    value: datetime, text: str
) -> None:
    assert render(value) == text


@pytest.mark.parametrize("value", [None, True, 0, -(2**63), "", "é", 2.5])
def test_what_json_has_stays_as_it_is(value: Any) -> None:
    assert render(value) is value


def test_records_lists_and_maps_are_rendered_through_and_keep_their_order_and_nulls() -> None:
    line = {"stock_code": "POST", "description": None, "unit_price": Decimal("18.0000")}
    placed = {"placed_at": NINE, "lines": (line, line), "by_code": {"POST": [Decimal("1.5")]}}

    rendered = {"stock_code": "POST", "description": None, "unit_price": "18.0000"}
    assert render(placed) == {
        "placed_at": "2011-10-04T09:00:00.000000Z",
        "lines": [rendered, rendered],
        "by_code": {"POST": ["1.5"]},
    }
    assert list(render(placed)["lines"][0]) == list(line)


@pytest.mark.parametrize("value", [b"secret", {"a": [b"secret"]}, {1}, date(2011, 10, 4)])
def test_what_a_document_cannot_hold_is_named_by_its_type_alone(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^a document cannot hold a (bytes|set|date)$"):
        render(value)


def test_what_is_shown_stands_in_a_document_as_the_value_would() -> None:
    lines = [{"code": "A", "price": Decimal("1.50"), "secret": 1}, {"code": "B", "price": NINE}]
    document = {"all": shown(lines), "some": shown(lines, ("price", "code")), "none": shown(None)}
    assert orjson.loads(encode(document)) == {
        "all": render(lines),
        "some": [{"price": "1.50", "code": "A"}, {"price": render(NINE), "code": "B"}],
        "none": None,
    }


def test_what_a_document_cannot_hold_cannot_be_shown() -> None:
    with pytest.raises(TypeError, match="bytes"):
        shown([b"x"])
    with pytest.raises(KeyError):
        shown([{"a": 1}], ("b",))
