"""Findings that a contract lets through, with a reason and until a day."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from backbone.contracts.attributes import ATTRIBUTES, day, fits
from backbone.contracts.nodes import Json

_FOR_GOOD = ("C", "S")
"""Kinds that nothing lets through: no process starts with such a contract."""


def let_through(
    schema: Json, found: Iterable[tuple[str, str]], today: date
) -> Iterator[tuple[str, str]]:
    """What is left of the findings, each a code and a field, and what is wrong with the
    suppressions."""
    listed = suppressions(schema)
    found = list(found)
    for each in listed:
        last = day(each["until"])
        if last is not None and last < today:
            yield "C011", _place(each)
        elif (each["code"], each["field"]) not in found or each["code"][0] in _FOR_GOOD:
            yield "C010", _place(each)
    valid = {(each["code"], each["field"]) for each in listed if _holds(each, today)}
    yield from (each for each in found if each not in valid)


def suppressions(schema: Json) -> list[Mapping[str, str]]:
    contract = schema.get("contract")
    listed: Any = contract.get("suppressions", []) if isinstance(contract, dict) else []
    return listed if fits(ATTRIBUTES["suppressions"].schema, listed) else []


def _holds(suppression: Mapping[str, str], today: date) -> bool:
    last = day(suppression["until"])
    return last is not None and last >= today and suppression["code"][0] not in _FOR_GOOD


def _place(suppression: Mapping[str, str]) -> str:
    return f"contract.suppressions {suppression['code']} {suppression['field']}".rstrip()
