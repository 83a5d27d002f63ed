"""The headers that become columns: looked at once per record, and most of what a loader does."""

from collections.abc import Sequence
from itertools import chain

from backbone.record import Header, Headers

_USUAL = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_sequence")
"""As our own sources write them, where there is nothing optional."""

_AT_A_TIME = 256  # records: what becomes of their headers is still in the processor's cache

_NAMES = ("ce_id", "ce_source", "ce_correlationid")

Column = list[bytes | None]


def named_in(headers: Sequence[Headers]) -> tuple[Column, Column, Column]:
    """Event ids, sources and correlations. Of headers that repeat the last one counts."""
    columns: tuple[Column, Column, Column] = ([], [], [])
    for start in range(0, len(headers), _AT_A_TIME):
        some = range(start, min(start + _AT_A_TIME, len(headers)))
        found = _of([headers[at] for at in some])
        for column, values in zip(columns, found, strict=True):
            column.extend(values)
    return columns


def _of(headers: Sequence[Headers]) -> Sequence[Sequence[bytes | None]]:
    flat: list[Header] = [*chain.from_iterable(headers)]
    if [name for name, _ in flat] == [*_USUAL] * len(headers):
        values = [value for _, value in flat]
        return values[1 :: len(_USUAL)], values[2 :: len(_USUAL)], [None] * len(headers)
    found = [dict(each) for each in headers]
    return [[each.get(name) for each in found] for name in _NAMES]
