"""Packing, by whoever hands retries over; `backbone/replay/packs.py` says how packs are written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import NamedTuple

import orjson

from backbone.log import Message
from backbone.replay.packs import NUMBERS, PACK
from backbone.replay.retry_headers import RETRY, VERSION, About, Marks, RetryHeader

MAX_ROWS = 1_000
MAX_BYTES = 512 * 1024
"""Of a pack that is not compressed. What alone is larger is a record of its own."""

_FEWEST = 16  # of fewer a pack costs its owner more than their records
_EACH = 8  # bytes that a column takes for a row, beside what stands there


class _Row(NamedTuple):
    message: Message
    header: RetryHeader | None  # None: it cannot be packed

    @classmethod
    def of(cls, message: Message) -> "_Row":
        headers = message.headers
        alone = headers[0][1] if len(headers) == 1 and headers[0][0] == RETRY else None
        header = RetryHeader.of(alone)
        if header is not None and None in header.marks:  # it was no record at first
            header = None
        return cls(message, header)

    def beginning(self) -> str:
        """Where it stood at first, whether it can be packed or not."""
        known = Marks.of_headers(self.message.headers) if self.header is None else self.header.marks
        return known.about.beginning

    def alike(self) -> About | None:
        return None if self.header is None else self.header.marks.about._replace(names=())

    def size(self) -> int:
        parts: list[bytes | None] = [self.message.key, self.message.value]
        if self.header is not None:
            parts += [self.header.replays, self.header.first_failed_at, *self.header.values]
        return sum(len(each or b"") for each in parts) + _EACH * (NUMBERS + len(parts))


def packed(messages: Sequence[Message]) -> list[Message]:
    """The same retries in fewer records; those that stood in one partition at first stay in their
    order."""
    rows: dict[tuple[str, int | None, str], list[_Row]] = {}
    for row in map(_Row.of, messages):
        where = row.message.topic, row.message.partition, row.beginning()
        rows.setdefault(where, []).append(row)
    stretches = chain.from_iterable(map(_stretches, rows.values()))
    return [*chain.from_iterable(map(_packed, stretches))]


def _stretches(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Consecutive ones with the same in common, cut to the size of a pack."""
    for _, some in groupby(rows, _Row.alike):
        yield from _cut(some)


def _cut(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    stretch, size = list[_Row](), 0
    for each in rows:
        more = each.size()
        if stretch and (len(stretch) == MAX_ROWS or size + more > MAX_BYTES):
            yield stretch
            stretch, size = [], 0
        stretch.append(each)
        size += more
    yield stretch


def _packed(rows: Sequence[_Row]) -> list[Message]:
    headers = [each.header for each in rows if each.header is not None]
    messages = [each.message for each in rows]
    if len(headers) < _FEWEST:
        return messages
    different = dict.fromkeys(each.marks.about for each in headers)
    abouts = {about: at for at, about in enumerate(different)}
    about = orjson.dumps([*map(list, abouts)])
    first, value = messages[0], _stream(messages, headers, abouts)
    size = sum(map(_Row.size, rows))
    header = b"|".join((VERSION, b"%d" % len(rows), b"%d" % size, about))
    return [Message(first.topic, None, value, [(PACK, header)], first.partition)]


def _stream(
    messages: Sequence[Message], headers: Sequence[RetryHeader], abouts: Mapping[About, int]
) -> bytes:
    from backbone.codec import arrow_stream  # noqa: PLC0415 - Polars

    most = max(len(about.names) for about in abouts)
    own = [[*each.values, *[None] * (most - len(each.values))] for each in headers]
    return arrow_stream.written(
        [
            [abouts[each.marks.about] for each in headers],
            [each.marks.number or 0 for each in headers],
            [each.marks.offset or 0 for each in headers],
            [each.marks.published_ms or 0 for each in headers],
        ],
        [
            [each.key for each in messages],
            [each.value for each in messages],
            [each.replays for each in headers],
            [each.first_failed_at for each in headers],
            *([row[at] for row in own] for at in range(most)),
        ],
    )
