from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.contracts.masking import mask

TAGGED = {"confluent:tags": ["PII"]}


@pytest.fixture
def contract(write: Callable[..., Path]) -> Contract:
    person = {"type": "record", "name": "P", **TAGGED, "fields": [{"name": "a", "type": "int"}]}
    line = {
        "type": "record",
        "name": "L",
        "fields": [{"name": "note", "type": "string", **TAGGED}, {"name": "n", "type": "int"}],
    }
    fields: list[Any] = [
        {"name": "thing_id", "type": "string"},
        {"name": "customer_id", "type": ["null", "string"], "default": None, **TAGGED},
        {"name": "lines", "type": {"type": "array", "items": line}},
        {"name": "who", "type": person},
        {"name": "counts", "type": {"type": "map", "values": "int"}},
    ]
    return Contracts.load(write(fields=fields))["test.ThingHappened"]


def test_personal_fields_are_masked_in_lists_too(contract: Contract) -> None:
    payload = {
        "thing_id": "1",
        "customer_id": "12923",
        "lines": [{"note": "for Ann", "n": 1}, {"note": "for Bob", "n": 2}],
        "who": {"a": 5},
        "counts": {"a": 1},
    }
    assert mask(contract, payload) == {
        "thing_id": "1",
        "customer_id": "***",
        "lines": [{"note": "***", "n": 1}, {"note": "***", "n": 2}],
        "who": "***",
        "counts": {"a": 1},
    }
    assert payload["customer_id"] == "12923"


def test_what_the_contract_does_not_describe_is_masked(contract: Contract) -> None:
    payload = {"thing_id": "1", "CustomerID": "12923", "lines": [{"mail": "a@b.c"}]}
    assert mask(contract, payload) == {
        "thing_id": "1",
        "CustomerID": "***",
        "lines": [{"mail": "***"}],
    }


def test_what_is_no_such_thing_as_declared_is_masked(contract: Contract) -> None:
    payload = {"thing_id": {"mail": "a@b.c"}, "lines": "Ann", "counts": ["Ann"], "who": "Ann"}
    assert mask(contract, payload) == dict.fromkeys(payload, "***")


def test_a_null_stays_null(contract: Contract) -> None:
    assert mask(contract, {"customer_id": None, "other": None}) == {
        "customer_id": None,
        "other": None,
    }


def test_a_csv_row_shows_broken_figures_but_no_words_in_their_place(contracts: Contracts) -> None:
    row = {"stock_code": "85123A", "price": "12,50", "currency": "GBP", "effective_at": "04.10.11"}
    price = contracts["shop.pricing.PriceChanged"]
    assert mask(price, row) == row
    assert mask(price, {**row, "price": "Ann Smith"})["price"] == "***"
