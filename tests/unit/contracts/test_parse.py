from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.contracts.parse import parse
from backbone.errors import Poison, PoisonReason

ROW = {
    "stock_code": "85123A",
    "price": "2.55",
    "currency": "GBP",
    "effective_at": "2011-10-04T10:00:00.5+01:00",
}
FLOAT = "must be a decimal: send it as text, a float has lost its digits already"
ORDER = {
    "order_id": "536365",
    "placed_at": "2011-10-04T09:00:00Z",
    "country": "United Kingdom",
    "currency": "GBP",
    "lines": [{"stock_code": "85123A", "quantity": 6, "unit_price": "2.55"}],
}


@pytest.fixture
def price(contracts: Contracts) -> Contract:
    return contracts["shop.pricing.PriceChanged"]


@pytest.fixture
def order(contracts: Contracts) -> Contract:
    return contracts["shop.sales.OrderPlaced"]


@pytest.fixture
def contract_of(write: Callable[..., Path]) -> Callable[..., Contract]:
    """A contract with the fields `thing_id` and `it`."""

    def build(kind: Any, **more: Any) -> Contract:
        fields = [{"name": "thing_id", "type": "string"}, {"name": "it", "type": kind, **more}]
        return Contracts.load(write(fields=fields))["test.ThingHappened"]

    return build


def _broken(contract: Contract, payload: Any) -> Poison:
    with pytest.raises(Poison) as caught:
        parse(contract, payload)
    assert caught.value.reason is PoisonReason.INVALID
    return caught.value


def test_a_csv_row_becomes_values(price: Contract) -> None:
    assert parse(price, ROW) == {
        "stock_code": "85123A",
        "price": Decimal("2.5500"),
        "currency": "GBP",
        "effective_at": datetime(2011, 10, 4, 9, 0, 0, 500_000, tzinfo=UTC),
    }


def test_a_json_object_becomes_values_and_defaults_are_filled(order: Contract) -> None:
    assert parse(order, ORDER) == {
        "order_id": "536365",
        "placed_at": datetime(2011, 10, 4, 9, tzinfo=UTC),
        "customer_id": None,
        "country": "United Kingdom",
        "currency": "GBP",
        "lines": [
            {
                "stock_code": "85123A",
                "description": None,
                "quantity": 6,
                "unit_price": Decimal("2.5500"),
            }
        ],
    }


def test_every_violation_is_named_by_its_path(order: Contract) -> None:
    lines = [
        ORDER["lines"][0],
        {"stock_code": "POST", "quantity": "0", "unit_price": 1.5},
        {"quantity": "5.0", "unit_price": "0", "colour": "red"},
    ]
    poison = _broken(order, {**ORDER, "placed_at": "2011-10-04 10:00:00", "lines": lines})
    assert poison.violations == (
        "placed_at: must be an instant with its offset, such as 2011-10-04T10:00:00Z",
        "lines[1].quantity: must be greater than 0",
        f"lines[1].unit_price: {FLOAT}",
        "lines[2].stock_code: is missing",
        "lines[2].quantity: must be a whole number",
        "lines[2].unit_price: must be greater than 0",
        "lines[2].colour: unknown field",
    )


def test_the_message_says_what_breaks_and_where(order: Contract) -> None:
    assert str(_broken(order, {**ORDER, "lines": [], "currency": "pounds"})) == (
        "OrderPlaced breaks its contract in 2 places: currency: must match ^[A-Z]{3}$; "
        "lines: must have at least 1 items"
    )
    assert str(_broken(order, {**ORDER, "lines": []})) == (
        "OrderPlaced breaks its contract in 1 place: lines: must have at least 1 items"
    )


def test_a_message_never_quotes_a_value_and_is_at_most_a_kibibyte(order: Contract) -> None:
    line = {"stock_code": " secret ", "quantity": "secret", "unit_price": "secret"}
    poison = _broken(order, {**ORDER, "placed_at": "secret", "lines": [line] * 500})
    assert "secret" not in str(poison) + "".join(poison.violations)
    assert len(str(poison)) == 1024
    assert len(poison.violations) == 100


def test_an_unknown_fields_name_is_shown_safely(price: Contract) -> None:
    poison = _broken(price, {**ROW, "ä\n" * 100: 1})
    assert poison.violations == ("\\xe4\\n" * 10 + "\\xe4...: unknown field",)


def test_a_missing_field_without_default_is_named(price: Contract) -> None:
    assert _broken(price, {}).violations == (
        "stock_code: is missing",
        "price: is missing",
        "currency: is missing",
        "effective_at: is missing",
    )


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("int", "-5", -5),
        ("int", 5, 5),
        ("long", "9223372036854775807", 2**63 - 1),
        ("double", "0.5", 0.5),
        ("double", "1e3", 1000.0),
        ("double", 3, 3.0),
        ("boolean", "true", True),
        ("boolean", False, False),
        ("string", "5", "5"),
        (["null", "int"], None, None),
        (["null", "int"], "5", 5),
        ({"type": "map", "values": "int"}, {"a": "1"}, {"a": 1}),
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, "B", "B"),
        ({"type": "int", "logicalType": "date"}, "2011-10-04", date(2011, 10, 4)),
    ],
)
def test_text_and_json_values_are_read_by_the_fields_type(
    contract_of: Callable[..., Contract], kind: Any, given: Any, value: Any
) -> None:
    parsed = parse(contract_of(kind), {"thing_id": "1", "it": given})["it"]
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("int", "5.0"),
        ("int", ""),
        ("int", " 5"),
        ("int", "\u0665"),
        ("int", "1_000"),
        ("int", "2147483648"),
        ("int", True),
        ("int", 5.0),
        ("int", None),
        ("long", "9" * 5_000),
        ("double", "nan"),
        ("double", "1e999"),
        ("double", 2**60),
        ("boolean", "yes"),
        ("string", 5),
        (["null", "int"], ""),
        ({"type": "array", "items": "int"}, "1"),
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, "C"),
        ({"type": "int", "logicalType": "date"}, "04.10.2011"),
        ({"type": "int", "logicalType": "date"}, "2011-02-30"),
    ],
)
def test_what_is_not_plainly_the_fields_type_is_refused(
    contract_of: Callable[..., Contract], kind: Any, given: Any
) -> None:
    poison = _broken(contract_of(kind), {"thing_id": "1", "it": given})
    assert [violation.partition(":")[0] for violation in poison.violations] == ["it"]


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("2.55", "2.5500"),
        ("+2.550000", "2.5500"),
        ("-0.0001", "-0.0001"),
        (2, "2.0000"),
        (Decimal("2.5"), "2.5000"),
        ("-0", "0.0000"),
        ("999999999999999.9999", "999999999999999.9999"),
    ],
)
def test_a_decimal_is_read_exactly(
    contract_of: Callable[..., Contract], given: Any, value: str
) -> None:
    kind = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
    assert str(parse(contract_of(kind), {"thing_id": "1", "it": given})["it"]) == value


@pytest.mark.parametrize(
    "given",
    ["2.55555", "1e3", "1,234.50", "12,50", "£2", "", "NaN", "1" * 16, 10**200, 2.5, True, None],
)
def test_a_decimal_is_never_rounded_or_guessed(
    contract_of: Callable[..., Contract], given: Any
) -> None:
    kind = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
    assert len(_broken(contract_of(kind), {"thing_id": "1", "it": given}).violations) == 1


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("2011-10-04T10:00:00Z", datetime(2011, 10, 4, 10, tzinfo=UTC)),
        ("2011-10-04t10:00:00z", datetime(2011, 10, 4, 10, tzinfo=UTC)),
        ("2011-10-04 10:00:00+02:00", datetime(2011, 10, 4, 8, tzinfo=UTC)),
        ("2011-10-04T10:00:00.1Z", datetime(2011, 10, 4, 10, 0, 0, 100_000, tzinfo=UTC)),
        ("2011-10-04T10:00:00.123456000Z", datetime(2011, 10, 4, 10, 0, 0, 123_456, tzinfo=UTC)),
        (
            datetime(2011, 10, 4, 10, tzinfo=timezone(timedelta(hours=2))),
            datetime(2011, 10, 4, 8, tzinfo=UTC),
        ),
    ],
)
def test_an_instant_is_read_with_its_offset_as_utc(
    price: Contract, given: Any, value: datetime
) -> None:
    parsed = parse(price, {**ROW, "effective_at": given})["effective_at"]
    assert parsed == value
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    "given",
    [
        "2011-10-04T10:00:00",
        "2011-10-04",
        "2011-13-04T10:00:00Z",
        "2011-10-04T10:00:60Z",
        "20111004T100000Z",
        "2011-10-04T10:00:00.1234567Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        datetime(2011, 10, 4, 10),  # noqa: DTZ001 - that is the case
        1317718800,
        None,
    ],
)
def test_an_instant_without_offset_or_outside_the_years_is_refused(
    price: Contract, given: Any
) -> None:
    assert len(_broken(price, {**ROW, "effective_at": given}).violations) == 1


@pytest.mark.parametrize(
    ("kind", "rules", "fits", "breaks"),
    [
        ("int", {"exclusiveMinimum": 0}, 1, (0, "must be greater than 0")),
        ("int", {"minimum": 0}, 0, (-1, "must be at least 0")),
        ("int", {"maximum": 9}, 9, (10, "must be at most 9")),
        ("string", {"pattern": "^[A-Z]{3}$"}, "GBP", ("GBP\n", "must match ^[A-Z]{3}$")),
        ("string", {"pattern": "^a|b$"}, "b", ("ab", "must match ^a|b$")),
        ("string", {"maxLength": 2}, "ab", ("abc", "must have at most 2 characters")),
        (["null", "string"], {"maxLength": 2}, None, ("abc", "must have at most 2 characters")),
    ],
)
def test_a_rule_holds_for_values_that_are_there(
    contract_of: Callable[..., Contract], kind: Any, rules: Any, fits: Any, breaks: Any
) -> None:
    contract = contract_of(kind, rules=rules)
    assert parse(contract, {"thing_id": "1", "it": fits})["it"] == fits
    value, violation = breaks
    assert _broken(contract, {"thing_id": "1", "it": value}).violations == (f"it: {violation}",)


def test_a_filled_default_is_nobody_elses(contract_of: Callable[..., Contract]) -> None:
    contract = contract_of({"type": "array", "items": "int"}, default=[])
    parse(contract, {"thing_id": "1"})["it"].append(5)
    assert parse(contract, {"thing_id": "1"})["it"] == []


def test_what_is_no_object_is_refused(price: Contract) -> None:
    assert _broken(price, ["85123A"]).violations == ("must be an object",)
