"""Refuses numbers of more than ten bytes, which fastavro takes and turns into garbage.

A number of eleven bytes, or one beyond 64 bits, needs nine bytes in a row with their high bit
set. Few payloads have that, and one search finds it; only those are walked byte by byte here.
"""

import re
from collections.abc import Callable

from backbone.contracts.shape import Array, Leaf, Map, Nullable, Record, Shape

_SUSPICIOUS = re.compile(rb"[\x80-\xff]{9}")
_MAX_BYTES = 10
_WIDTHS = {"boolean": 1, "float": 4, "double": 8}

Skip = Callable[[bytes, int], int]
"""Goes over one value from a place in the payload, gives the place behind it. Raises Overlong."""


class Overlong(Exception):
    """A number that no 64 bits hold, or a count that no payload holds."""


def compile_check(shape: Record) -> Callable[[bytes], None]:
    """Compile the check of one schema's payloads, which must have been decoded already."""
    skip = _skip(shape)

    def check(payload: bytes) -> None:
        if _SUSPICIOUS.search(payload):
            skip(payload, 0)

    return check


def _skip(shape: Shape) -> Skip:
    match shape:
        case Leaf():
            return _leaf(shape)
        case Nullable(inner):
            return _nullable(_skip(inner), null_first=shape.null_first)
        case Array(items):
            return _blocks(_skip(items))
        case Map(values):
            return _blocks(_sequence((_sized, _skip(values))))
        case Record():
            return _sequence(tuple(_skip(each.shape) for each in shape.fields))


def _leaf(leaf: Leaf) -> Skip:
    width = _WIDTHS.get(leaf.kind, leaf.size)
    if width:
        return lambda _, at: at + width
    if leaf.kind in {"string", "bytes"}:
        return _sized
    return lambda payload, at: _number(payload, at)[1]


def _number(payload: bytes, at: int) -> tuple[int, int]:
    raw = shift = 0
    for place in range(at, at + _MAX_BYTES):
        byte = payload[place]
        raw |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the high bit says that more follows
            break
    else:
        raise Overlong
    if raw >> 64:
        raise Overlong
    return (raw >> 1) ^ -(raw & 1), place + 1


def _sized(payload: bytes, at: int) -> int:
    size, at = _number(payload, at)
    return at + size


def _nullable(inner: Skip, *, null_first: bool) -> Skip:
    def skip(payload: bytes, at: int) -> int:
        branch, at = _number(payload, at)
        is_null = (branch & 1 == 0) is null_first  # fastavro counts a negative branch from the end
        return at if is_null else inner(payload, at)

    return skip


def _sequence(skips: tuple[Skip, ...]) -> Skip:
    def skip(payload: bytes, at: int) -> int:
        for each in skips:
            at = each(payload, at)
        return at

    return skip


def _blocks(item: Skip) -> Skip:
    def skip(payload: bytes, at: int) -> int:
        count, at = _number(payload, at)
        while count:
            if count < 0:  # a block may say its size in bytes first
                count = -count
                _, at = _number(payload, at)
            if count > len(payload):
                raise Overlong
            for _ in range(count):
                at = item(payload, at)
            count, at = _number(payload, at)
        return at

    return skip
