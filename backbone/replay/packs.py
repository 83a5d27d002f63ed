"""Packs: many retries of a run in one record of a retry topic, column by column.

A record for each costs its owner more to read and take apart than a live fact costs. So whoever
hands retries over packs those of one run and partition. A pack has the header `replay.pack`
(`1|rows|bytes|`, then as JSON what its retries have in common, once for each set of header names);
its value is an Arrow IPC stream: which of those counts for a retry, where what is replayed stood,
where and when the record was first, its key and value, how often it was replayed, when it first
failed, and its own headers. Few are records of their own, each with the header `replay.retry`. Both
are read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby
from typing import NamedTuple, overload

import orjson

from backbone.header_columns import HeaderColumns, header_columns
from backbone.record import Record, RecordBatch
from backbone.replay.mark_columns import MarkColumns
from backbone.replay.retry_headers import RETRY, VERSION, About, Marks, RetryHeader, whole_number

PACK = "replay.pack"
_PARTS = 4  # of the header
NUMBERS = 4  # columns: which about, offset of what is replayed, first offset, publish time
BYTES = 4  # key, value, how often it was replayed, when it first failed; own headers follow


class _Pack(NamedTuple):
    """What the header of a pack says."""

    rows: int
    size: int
    abouts: tuple[About, ...]

    @classmethod
    def of(cls, value: bytes | None) -> "_Pack | None":
        """None where it is not there, or not as we write it."""
        version, *parts = (value or b"").split(b"|", _PARTS - 1)
        if version != VERSION or len(parts) != _PARTS - 1:
            return None
        rows, size = (whole_number(each) for each in parts[:2])
        if not rows or size is None:
            return None
        try:
            abouts = tuple(map(About.read, orjson.loads(parts[2])))
        except (ValueError, TypeError):
            return None
        return cls(rows, size, abouts) if abouts else None


def _packs(records: RecordBatch) -> list[_Pack | None]:
    (column,) = header_columns(records.headers, [PACK])
    return [*map(_Pack.of, column)]


class Weight(NamedTuple):
    """So many retries, with so many bytes that are not compressed."""

    retries: int = 0
    size: int = 0

    def plus(self, more: "Weight") -> "Weight":
        return Weight(self.retries + more.retries, self.size + more.size)

    def less(self, part: "Weight") -> "Weight":
        return Weight(self.retries - part.retries, self.size - part.size)

    def holds(self, part: "Weight") -> bool:
        return part.retries <= self.retries and part.size <= self.size


def weights_of(records: RecordBatch) -> list[Weight]:
    """Of each record what it holds."""
    return [
        Weight(1, len(value or b"")) if pack is None else Weight(pack.rows, pack.size)
        for pack, value in zip(_packs(records), records.values, strict=True)
    ]


def marks_in(record: Record) -> Iterator[Marks]:
    """What each retry that a record holds says of itself."""
    marks = opened(RecordBatch.of([record])).marks
    return map(marks.row, range(len(marks.abouts)))


class Opened(NamedTuple):
    """Retries, one by one, as if each had been a record of its own: `records` have the offsets of
    the records that they came in, and `marks` are what each says."""

    records: RecordBatch
    marks: MarkColumns


def opened(records: RecordBatch) -> Opened:
    """Every retry of the records. Raises nothing: what cannot be read says nothing of itself."""
    packs = _packs(records)
    found: list[Opened] = []
    for _, some in groupby(range(len(packs)), lambda at: (pack := packs[at]) and pack.abouts):
        places = [*some]
        end = places[-1] + 1
        alike = [each for each in packs[places[0] : end] if each is not None]
        found += _opened(records.between(places[0], end), alike)
    return _joined(found) if len(found) > 1 else found[0]


def _opened(records: RecordBatch, packs: Sequence[_Pack]) -> Iterator[Opened]:
    """Of packs with the same in common; where there are none, of retries by themselves."""
    rows = _rows(records, packs) if packs else None
    if rows is not None:
        yield rows
    elif not packs or len(records) == 1:
        yield Opened(records, MarkColumns.of_headers(records.headers))
    else:  # one of them is broken
        for at, pack in enumerate(packs):
            yield from _opened(records.between(at, at + 1), [pack])


def _rows(records: RecordBatch, packs: Sequence[_Pack]) -> Opened | None:
    from backbone.codec import arrow_stream  # noqa: PLC0415 - Polars

    abouts, counts = packs[0].abouts, [each.rows for each in packs]
    most = max((len(each.names) for each in abouts), default=0)
    rows = arrow_stream.read([each or b"" for each in records.values], NUMBERS, BYTES + most)
    if rows is None or rows.counts != counts:
        return None
    which, number, offset, published = rows.numbers
    if max(which) >= len(abouts):
        return None
    key, value, replays, first_failed, *own = rows.values
    marks = MarkColumns(
        [abouts[each] for each in which], number, offset, published, _own(abouts, which, own)
    )
    headers = _Headers(marks, replays, first_failed)
    opened = replace(
        records,
        offsets=_repeated(records.offsets, counts),
        keys=key,
        values=value,
        headers=HeaderColumns.of([RETRY], [headers], len(headers)),
        timestamps_ms=_repeated(records.timestamps_ms, counts),
    )
    return Opened(opened, marks)


def _own(
    abouts: Sequence[About], which: Sequence[int], columns: Sequence[Sequence[bytes | None]]
) -> HeaderColumns:
    if len(abouts) == 1:
        return HeaderColumns.of(abouts[0].names, columns, len(which))
    rows = zip(which, *columns, strict=True)
    return HeaderColumns([[*zip(abouts[at].names, values, strict=False)] for at, *values in rows])


def _repeated(values: Sequence[int], counts: Sequence[int]) -> list[int]:
    return [each for value, count in zip(values, counts, strict=True) for each in [value] * count]


class _Headers(Sequence[bytes | None]):
    """The header that each would have as a record of its own: made when it is asked for, which
    whoever writes dead letters does."""

    def __init__(
        self,
        marks: MarkColumns,
        replays: Sequence[bytes | None],
        first_failed: Sequence[bytes | None],
    ) -> None:
        self._marks = marks
        self._replays = replays
        self._first_failed = first_failed

    def __len__(self) -> int:
        return len(self._marks.abouts)

    @overload
    def __getitem__(self, index: int) -> bytes | None: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes | None]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes | None] | None:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        return RetryHeader(
            self._marks.row(index),
            self._replays[index] or b"",
            self._first_failed[index] or b"",
            [value or b"" for _, value in self._marks.own[index]],
        ).to_bytes()


def _joined(found: Sequence[Opened]) -> Opened:
    headers, own = HeaderColumns(), HeaderColumns()
    for each in found:
        kept = each.records.headers
        headers.extend(kept if isinstance(kept, HeaderColumns) else HeaderColumns(kept))
        own.extend(each.marks.own)
    records, marks = [each.records for each in found], [each.marks for each in found]
    return Opened(
        replace(
            records[0],
            offsets=[*chain.from_iterable(each.offsets for each in records)],
            keys=[*chain.from_iterable(each.keys for each in records)],
            values=[*chain.from_iterable(each.values for each in records)],
            headers=headers,
            timestamps_ms=[*chain.from_iterable(each.timestamps_ms for each in records)],
        ),
        MarkColumns(
            [*chain.from_iterable(each.abouts for each in marks)],
            [*chain.from_iterable(each.numbers for each in marks)],
            [*chain.from_iterable(each.offsets for each in marks)],
            [*chain.from_iterable(each.published_ms for each in marks)],
            own,
        ),
    )
