"""Field by field: in what do two accounts of one fact, or two entries of one key, differ?"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from backbone.explain.evidence import Account, Difference
from backbone.views.store import Entry

MISSING: Final = "(nothing)"
"""Stands where one side lacks a field altogether."""

_ENTRY = (
    *("order_version", "offset", "event_id", "source", "sequence"),
    *("published_ms", "occurred_ms"),
)


def accounts(here: Account, there: Account) -> list[Difference]:
    """The whole record, and of the envelope what both hops keep."""
    found = list(_values("", here.fact.data, there.fact.data))
    if here.fact.type != there.fact.type:
        found.insert(0, Difference("type", here.fact.type, there.fact.type))
    if here.fact.key != there.fact.key:
        found.insert(0, Difference("key", here.fact.key, there.fact.key))
    for name in sorted(here.keeps & there.keeps):
        mine, other = getattr(here.fact.envelope, name), getattr(there.fact.envelope, name)
        if mine != other:
            found.append(Difference(f"envelope.{name}", mine, other))
    found += _times(here.fact.published_at, there.fact.published_at)
    return found


def entries(here: Entry | None, there: Entry | None) -> list[Difference]:
    """`here` is what the view holds, `there` what the log makes of the key."""
    if here is None or there is None:
        return [] if here is there else [Difference("entry", _presence(here), _presence(there))]
    found = list(_values("", here.value, there.value))
    for name in _ENTRY:
        mine, other = getattr(here, name), getattr(there, name)
        if mine != other:
            found.append(Difference(f"entry.{name}", mine, other))
    return found


def _times(here: datetime | None, there: datetime | None) -> list[Difference]:
    """Publish times, where both hops keep one: a source's row has none."""
    if here is None or there is None or here == there:
        return []
    return [Difference("envelope.published_at", here, there)]


def _presence(entry: Entry | None) -> str:
    return MISSING if entry is None else "there"


def _values(path: str, here: Any, there: Any) -> Iterator[Difference]:
    """Down to the leaves, so that one changed number of a long list is named alone."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for name in dict.fromkeys([*there, *here]):
            below = f"{path}.{name}" if path else str(name)
            yield from _values(below, here.get(name, MISSING), there.get(name, MISSING))
    elif isinstance(here, list | tuple) and isinstance(there, list | tuple):
        for index in range(max(len(here), len(there))):
            yield from _values(f"{path}[{index}]", _at(here, index), _at(there, index))
    elif here != there or (isinstance(here, bool) is not isinstance(there, bool)):
        yield Difference(path, here, there)


def _at(values: Any, index: int) -> Any:
    return values[index] if index < len(values) else MISSING
