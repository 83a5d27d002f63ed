"""The headers that become columns: looked at once per record, and most of what a loader does."""

from collections.abc import Sequence
from itertools import chain
from operator import itemgetter

from backbone.record import Header, Headers

_AT_A_TIME = 256  # records: what becomes of their headers is still in the processor's cache

_NAMES = ("ce_id", "ce_source", "ce_correlationid")

Column = list[bytes | None]


def named_in(headers: Sequence[Headers]) -> tuple[Column, Column, Column]:
    """Event ids, sources and correlations. Of headers that repeat the last one counts."""
    columns: tuple[Column, Column, Column] = ([], [], [])
    for start in range(0, len(headers), _AT_A_TIME):
        found = _of(headers[start : start + _AT_A_TIME])
        for column, values in zip(columns, found, strict=True):
            column.extend(values)
    return columns


def _of(headers: Sequence[Headers]) -> Sequence[Sequence[bytes | None]]:
    """Mostly all have the same names, as one publisher writes them: then each is in one place."""
    names = [name for name, _ in headers[0]]
    flat: list[Header] = [*chain.from_iterable(headers)]
    alike = [*map(itemgetter(0), flat)] == names * len(headers)
    if alike and names and {*map(len, headers)} == {len(names)}:
        return [_placed(flat, names, each) for each in _NAMES]
    found = [dict(each) for each in headers]
    return [[each.get(name) for each in found] for name in _NAMES]


def _placed(flat: Sequence[Header], names: Sequence[str], name: str) -> Sequence[bytes | None]:
    if name not in names:
        return [None] * (len(flat) // len(names))
    last = len(names) - 1 - names[::-1].index(name)
    return [value for _, value in flat[last :: len(names)]]
