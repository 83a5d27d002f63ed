"""Documents: JSON values as views store and gateways serve them.

A decimal is a string with the scale it came with, an instant RFC 3339 in UTC with six digits:
equal values are equal texts, whichever engine rendered them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from backbone.instants import rfc3339

_OURS = (
    orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def encode(value: Any) -> bytes:
    """A document as JSON text; raises TypeError as `render` does."""
    try:
        return orjson.dumps(value, _render_one, _OURS)
    except TypeError:  # names that are no text, numbers beyond 64 bits, or what is refused
        return orjson.dumps(render(value), option=_OURS)


Shown = orjson.Fragment
"""A part of a document as text already: `encode` puts it where it stands."""


def shown(value: Any, members: Sequence[str] = ()) -> Shown:
    """`value` as a document shows it; of an object, or of each in a list, only these members.
    Raises TypeError as `render` does, and KeyError for a member that is not there."""
    return Shown(encode(_only(value, members) if members else value))


def _only(value: Any, members: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_only(each, members) for each in value]
    return None if value is None else {name: value[name] for name in members}


def _render_one(value: Any) -> Any:
    """What the JSON library does not know; it goes on with what comes back."""
    if type(value) is Decimal:
        return _plain(value)
    if type(value) is datetime:
        return rfc3339(value)
    raise TypeError


def _plain(value: Decimal) -> str:
    text = str(value)  # a fourth of the time, and the same unless it has an exponent
    return format(value, "f") if "E" in text else text


_AS_THEY_ARE = frozenset({str, int, bool, float, type(None)})


def render(value: Any) -> Any:
    """Render what a fact or a view holds; raises TypeError for what a document cannot hold."""
    if type(value) in _AS_THEY_ARE:
        return value
    if type(value) is dict:
        return {
            name if type(name) is str else str(name): (
                member if type(member) in _AS_THEY_ARE else render(member)
            )
            for name, member in value.items()
        }
    return _render_other(value)


def _render_other(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Mapping):
        return {str(name): render(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [render(member) for member in value]
    if isinstance(value, str | int | float | Shown):
        return value
    raise TypeError(f"a document cannot hold a {type(value).__name__}")
