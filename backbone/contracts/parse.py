"""Parse: a row or a JSON object becomes the values of a fact, or says everything that is wrong.

The values are those of docs/value-domain.md: Decimal, aware UTC datetime, int, str, bool, list,
dict. Nothing is guessed and nothing is rounded. An empty CSV cell is text of no length: a source
that means null says so, by leaving the field out.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from backbone.contracts.contract import Contract
from backbone.contracts.cross_rules import cross_rule_of
from backbone.contracts.domain import OUTSIDE_TIME, accept
from backbone.contracts.rules import rule_of
from backbone.contracts.shape import Leaf, Record
from backbone.contracts.straight import Straight
from backbone.contracts.straight_parser import straight_parser
from backbone.contracts.walk import Convert, Leaves, Unfit, compile_walk
from backbone.errors import Poison, PoisonReason

MAX_MESSAGE = 1024  # it travels in a header of the dead letter

_WHOLE = re.compile(r"-?[0-9]{1,19}")
# No exponent: 1e9 in a price column is a spreadsheet's doing. 60 digits are beyond any precision.
_DECIMAL = re.compile(r"[+-]?[0-9]{1,60}(\.[0-9]{1,60})?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT_EXPECTED = "must be an instant with its offset, such as 2011-10-04T10:00:00Z"


def parse(contract: Contract, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Make the fact's data from JSON values or CSV text.

    Raises Poison(INVALID) that names every violation by its field's path, never by its value.
    """
    straight, walk = _parsers(contract)
    try:
        found: dict[str, Any] | None = straight(payload)
    except Exception:  # noqa: BLE001 - whatever it was, the walk names it
        found = None
    if found is not None:
        return found
    try:
        taken: dict[str, Any] = walk(payload)
    except Unfit as unfit:
        raise broken(contract.name, unfit) from None
    return taken


def broken(name: str, unfit: Unfit, reason: PoisonReason = PoisonReason.INVALID) -> Poison:
    """Say as a poison how a value does not fit its contract."""
    lines = unfit.lines()
    places = "1 place" if len(lines) == 1 else f"{len(lines)} places"
    message = f"{name} breaks its contract in {places}: {'; '.join(lines)}"
    if len(message) > MAX_MESSAGE:
        message = f"{message[: MAX_MESSAGE - 3]}..."
    return Poison(reason, message, lines)


@lru_cache(maxsize=1024)
def _parsers(contract: Contract) -> tuple[Straight, Convert]:
    return straight_parser(contract.shape) or _doubt, compile_parser(contract.shape)


def _doubt(_: Any) -> None:
    """For shapes without straight code."""


def compile_parser(shape: Record) -> Convert:
    """Compile a record's parser; raises SchemaProblem for rules that do not suit their fields."""
    return compile_walk(shape, Leaves(_leaf, rule_of, cross_rule_of))


def _leaf(leaf: Leaf) -> Convert:
    check, read = accept(leaf), _READERS.get(leaf.logical or leaf.kind)
    if read is None:
        return check
    return lambda value: check(read(value))


def _boolean(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _whole(value: Any) -> Any:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return value


def _number(value: Any) -> Any:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    if type(value) is int and abs(value) <= 1 << 53:  # above, a float has holes
        return float(value)
    return value


def _decimal(value: Any) -> Any:
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise Unfit("must be a decimal such as 12.50, without exponent or separators")
        return Decimal(value)
    if type(value) is int and value.bit_length() <= 256:  # noqa: PLR2004 - far above any precision
        return Decimal(value)
    if isinstance(value, float):
        raise Unfit("must be a decimal: send it as text, a float has lost its digits already")
    return value


def _instant(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise Unfit(_INSTANT_EXPECTED)
    day, time, fraction, offset = found.groups(default="")
    if fraction[7:].strip("0"):
        raise Unfit("must have at most 6 digits of a second: a fact holds microseconds")
    if day.startswith("0000"):
        raise Unfit(OUTSIDE_TIME)
    try:
        return datetime.fromisoformat(f"{day}T{time}{fraction[:7]}{offset.upper()}")
    except ValueError:
        raise Unfit(_INSTANT_EXPECTED) from None


def _date(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value) if _DATE.fullmatch(value) else value
    except ValueError:
        raise Unfit("must be a date such as 2011-10-04") from None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "int": _whole,
    "long": _whole,
    "float": _number,
    "double": _number,
    "decimal": _decimal,
    "timestamp-micros": _instant,
    "date": _date,
}
