"""What retries say of themselves, of many at once: see `backbone/replay/retry_headers.py`."""

from collections.abc import Sequence
from typing import NamedTuple

from backbone.byte_column import ByteColumn
from backbone.header_columns import HeaderColumns
from backbone.record import Headers, are_alike
from backbone.replay.retry_headers import (
    PARTS,
    RETRY,
    VERSION,
    About,
    Marks,
    about_of,
    own_headers,
)

_AT_A_TIME = 200


class MarkColumns(NamedTuple):
    """The same of many records, column by column; `own` are the records' own headers."""

    abouts: Sequence[About]
    numbers: Sequence[int | None]
    offsets: Sequence[int | None]
    published_ms: Sequence[int | None]
    own: Sequence[Headers]

    @classmethod
    def of_headers(cls, headers: Sequence[Headers]) -> "MarkColumns":
        if not headers:
            return cls([], [], [], [], [])
        columns = headers if isinstance(headers, HeaderColumns) else HeaderColumns(headers)
        alone = columns.only(RETRY)
        found = None if alone is None else _alike(alone)
        if found is not None:
            return found
        abouts, *rest = zip(*map(Marks.of_headers, headers), strict=True)
        numbers, offsets, published = rest
        return cls(abouts, numbers, offsets, published, [*map(own_headers, headers)])


_Apart = tuple[list[About], list[int], list[int], list[int], HeaderColumns]


def _alike(values: Sequence[bytes | None]) -> MarkColumns | None:
    """Of records that all have the one header alone, as runs write them: taken apart while they are
    in the processor's cache."""
    if isinstance(values, ByteColumn) and (at_once := _at_once(values)) is not None:
        return at_once
    values = [*values]
    abouts, numbers, offsets, published, own = found = _none_apart()
    for start in range(0, len(values), _AT_A_TIME):
        some = _apart(values[start : start + _AT_A_TIME])
        if some is None:
            return None
        abouts += some[0]
        numbers += some[1]
        offsets += some[2]
        published += some[3]
        own.extend(some[4])
    return MarkColumns(*found)


def _at_once(values: ByteColumn) -> MarkColumns | None:
    """Of records of one partition of one run."""
    (first,) = values[:1]
    apart = values.split("\0", (first or b"").count(b"\0") + 1)
    parts = None if apart is None else apart[0].split("|", PARTS)
    if apart is None or parts is None or apart[-1].has("\0"):
        return None
    versions, *written, _, _, rests = parts
    numbers, offsets, published = (each.numbers() for each in written)
    # a slice first: the whole would be made into objects
    version, rest = versions[:1][0], rests[:1][0]
    if not (versions.alike() and rests.alike() and version == VERSION):
        return None
    if numbers is None or offsets is None or published is None:
        return None
    try:
        about = about_of(rest or b"")
    except (ValueError, TypeError):
        return None
    if len(about.names) != len(apart) - 1:
        return None
    own = HeaderColumns.of(about.names, apart[1:], len(values))
    return MarkColumns([about] * len(values), numbers, offsets, published, own)


def _none_apart() -> _Apart:
    return [], [], [], [], HeaderColumns()


def _apart(values: Sequence[bytes | None]) -> _Apart | None:
    try:
        heads, *own = zip(*((value or b"").split(b"\0") for value in values), strict=True)
        rows = [each.split(b"|", PARTS - 1) for each in heads]
        versions, numbers, offsets, published, _, _, rests = zip(*rows, strict=True)
        abouts = _abouts(rests)
    except (ValueError, TypeError):
        return None
    written = (*numbers, *offsets, *published)
    # digits alone, so that a sign is none
    known = b"".join(written).isdigit() and b"" not in written
    names = {each.names for each in (abouts[:1] if are_alike(abouts) else abouts)}
    if not known or versions.count(VERSION) < len(versions) or [*map(len, names)] != [len(own)]:
        return None
    columns = HeaderColumns.of(names.pop(), own, len(values))
    return abouts, [*map(int, numbers)], [*map(int, offsets)], [*map(int, published)], columns


def _abouts(rests: Sequence[bytes]) -> list[About]:
    """Mostly of one partition of one run. Raises ValueError, TypeError."""
    if are_alike(rests):
        return [about_of(rests[0])] * len(rests)
    known = {each: about_of(each) for each in {*rests}}
    return [known[each] for each in rests]
