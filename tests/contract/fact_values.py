"""Values that a contract accepts, drawn by its own schema and rules."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from backbone.contracts.contract import Contract

KEYS = ("A", "B", "C")  # few, so that facts meet


def payloads(contract: Contract) -> st.SearchStrategy[dict[str, Any]]:
    """Payloads of a fact, with a key out of few and an order that collides now and then."""
    fields = {each["name"]: _field(each) for each in contract.schema["fields"]}
    fields[contract.key] = st.sampled_from(KEYS)
    return st.fixed_dictionaries(fields)


def _field(field: dict[str, Any]) -> st.SearchStrategy[Any]:
    return _value(field["type"], field.get("rules", {}))


def _value(kind: Any, rules: dict[str, Any]) -> st.SearchStrategy[Any]:
    if isinstance(kind, list):
        return st.one_of(*(_value(each, rules) for each in kind))
    if isinstance(kind, str):
        return _plain(kind, rules)
    if kind["type"] == "record":
        return st.fixed_dictionaries({each["name"]: _field(each) for each in kind["fields"]})
    if kind["type"] == "array":
        return st.lists(_value(kind["items"], {}), min_size=rules.get("minItems", 0), max_size=3)
    return _logical(kind)


def _plain(kind: str, rules: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "null":
        return st.none()
    if kind == "int":
        return st.integers(min_value=1, max_value=1_000)
    if "pattern" in rules:
        return st.sampled_from(["GBP", "EUR", "USD"])  # every pattern of ours accepts these
    return st.text("abc", min_size=1, max_size=5)


def _logical(kind: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind["logicalType"] == "decimal":
        return st.integers(min_value=1, max_value=10_000).map(lambda n: Decimal(n).scaleb(-2))
    seconds = st.integers(min_value=1_700_000_000, max_value=1_700_000_005)
    return seconds.map(lambda second: datetime.fromtimestamp(second, UTC))
