"""A fact as JSON: what the schema takes the parser takes, and what a document shows fits it."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from backbone import documents
from backbone.contracts.parse import parse
from backbone.errors import Poison
from backbone.generation.estate import Estate
from backbone.generation.json_schema import fact_schema
from tests.unit.generation.estates import FACT, own

NAME = "shop.wide.ThingMeasured"


def as_json(value: Any) -> Any:
    """As documents show it; a date, which they refuse, as the outbox writes it."""
    if isinstance(value, dict):
        return {name: as_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return str(value) if type(value) is date else documents.render(value)


@pytest.fixture
def validator(wide: Estate) -> Draft202012Validator:
    schema = fact_schema(wide.contracts[NAME])
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_what_a_document_shows_fits_and_is_read_as_it_was(
    wide: Estate, validator: Draft202012Validator
) -> None:
    shown = as_json(dict(FACT))

    assert [each.message for each in validator.iter_errors(shown)] == []
    assert parse(wide.contracts[NAME], shown) == FACT


def test_a_field_with_a_default_may_be_left_out(
    wide: Estate, validator: Draft202012Validator
) -> None:
    shown = as_json(dict(FACT))
    for name in ("price", "earlier_mood", "spare_part", "home", "birth_day"):
        del shown[name]

    assert validator.is_valid(shown)
    assert parse(wide.contracts[NAME], shown)["home"] is None


Change = Callable[[dict[str, Any]], Any]
WRONG: dict[str, Change] = {
    "missing": lambda fact: fact.pop("currency"),
    "unknown": lambda fact: fact.update(other=1),
    "pattern of the whole text": lambda fact: fact.update(thing_id="ab"),
    "too long": lambda fact: fact.update(thing_id="b" * 10),
    "a number for a decimal": lambda fact: fact.update(salary=1.5),
    "more places": lambda fact: fact.update(salary="1.555"),
    "more digits": lambda fact: fact.update(salary="12345678901.00"),
    "an exponent": lambda fact: fact.update(salary="1e3"),
    "an instant without offset": lambda fact: fact.update(measured_at="2026-01-02T03:04:05"),
    "nanoseconds": lambda fact: fact.update(measured_at="2026-01-02T03:04:05.123456789Z"),
    "a symbol": lambda fact: fact.update(mood="SAD"),
    "null": lambda fact: fact.update(mood=None),
    "a day": lambda fact: fact.update(day="2.1.2026"),
    "upper case": lambda fact: fact.update(reference=fact["reference"].upper()),
    "65 bits": lambda fact: fact.update(ticks=2**63),
    "no items": lambda fact: fact.update(parts=[]),
    "a bound inside": lambda fact: fact["parts"][0].update(number=0),
    "an item that is null": lambda fact: fact["rows"].append(None),
    "unknown inside": lambda fact: fact["home"].update(planet="Mars"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_breaks_the_contract_breaks_the_schema(
    name: str, wide: Estate, validator: Draft202012Validator
) -> None:
    shown = deepcopy(as_json(dict(FACT)))
    WRONG[name](shown)

    assert not validator.is_valid(shown)
    with pytest.raises(Poison):
        parse(wide.contracts[NAME], shown)


def test_a_rule_without_a_word_in_json_schema_is_told_beside_it() -> None:
    price = fact_schema(own().contracts["shop.pricing.PriceChanged"])["properties"]["price"]

    signed = fact_schema(own().contracts["shop.billing.ContractSigned"])

    assert [each["expr"] for each in signed["x-rules"]] == ["ends_on >= starts_on"]
    assert price["x-rules"] == {"exclusiveMinimum": "0"}
    assert json.dumps(price["pattern"]) == r'"^-?[0-9]{1,15}(\\.[0-9]{1,4})?$"'
