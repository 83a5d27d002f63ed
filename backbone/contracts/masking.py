"""Masking: a payload as a person may see it, whether or not it fits its contract."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from backbone.contracts.contract import PII, Contract
from backbone.contracts.shape import Array, Field, Leaf, Map, Nullable, Record, Shape

MASKED = "***"

_TEXT = frozenset({"string", "enum", "uuid"})
_FIGURES = re.compile(r"(true|false|[0-9+\-.,:/ TZeE]{0,40})")

_Mask = Callable[[Any], Any]


def mask(contract: Contract, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a fact's data, raw JSON or CSV columns, with "***" for what must not be seen.

    Masked are fields tagged PII, in lists and maps too, and whatever the contract does not
    describe: unknown fields, and values that cannot be what is declared (nobody can know what
    they hold). Null stays null: that a customer is missing is often why something failed.
    """
    masked: dict[str, Any] = _compiled(contract)(payload)
    return masked


@lru_cache(maxsize=1024)
def _compiled(contract: Contract) -> _Mask:
    return _mask(contract.shape)


def _mask(shape: Shape) -> _Mask:
    match shape:
        case Leaf():
            return _scalar if (shape.logical or shape.kind) in _TEXT else _figure
        case Nullable(inner):
            return _mask(inner)  # every mask lets null through
        case Array(items):
            return _array(_mask(items))
        case Map(values):
            return _map(_mask(values))
        case Record():
            return _hide if PII in shape.tags else _record(shape)


def _hide(value: Any) -> Any:
    return None if value is None else MASKED


def _scalar(value: Any) -> Any:
    return MASKED if isinstance(value, Mapping | list | tuple) else value


def _figure(value: Any) -> Any:
    """Show "12,50" in a number's place, but no words: a row whose columns slipped holds any."""
    if isinstance(value, str) and not _FIGURES.fullmatch(value):
        return MASKED
    return _scalar(value)


def _array(item: _Mask) -> _Mask:
    def shown(value: Any) -> Any:
        return [item(each) for each in value] if isinstance(value, list | tuple) else _hide(value)

    return shown


def _map(item: _Mask) -> _Mask:
    def shown(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return _hide(value)
        return {name: item(each) for name, each in value.items()}

    return shown


def _record(shape: Record) -> _Mask:
    fields = {field.name: _field(field) for field in shape.fields}

    def shown(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return _hide(value)
        return {name: fields.get(name, _hide)(each) for name, each in value.items()}

    return shown


def _field(field: Field) -> _Mask:
    return _hide if PII in field.tags else _mask(field.shape)
