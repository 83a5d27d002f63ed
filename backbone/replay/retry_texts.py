"""What a dead letter says of a retry: the same as the retry's one header, as text."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import overload

from backbone.record import Headers, RecordBatch, last_header
from backbone.replay.retry_headers import RETRY, RetryHeader, own_headers


def as_text(headers: Headers) -> Headers:
    """As a dead letter of the record says it."""
    found = RetryHeader.of(last_header(headers, RETRY))
    return headers if found is None else [*own_headers(headers), *found.as_text()]


class _AsText(Sequence[Headers]):
    """Made when they are asked for: of most retries there will be no dead letter."""

    def __init__(self, batch: RecordBatch, told: RecordBatch, headers: Sequence[Headers]) -> None:
        self.own = batch.headers
        self._offsets = batch.offsets
        self._told = told.offsets
        self._headers = headers

    def __len__(self) -> int:
        return len(self._offsets)

    @overload
    def __getitem__(self, index: int) -> Headers: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Headers]: ...
    def __getitem__(self, index: int | slice) -> Headers | Sequence[Headers]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        offset = self._offsets[index]
        place = bisect_left(self._told, offset)  # they rise
        told = place < len(self._told) and self._told[place] == offset
        return as_text(self._headers[place]) if told else self.own[index]


def spoken(batch: RecordBatch, retries: RecordBatch, headers: Sequence[Headers]) -> RecordBatch:
    """For whoever writes dead letters of `batch`: those of its records that are `retries`, whose
    `headers` stand in the retry topic, say what these say, as text."""
    return replace(batch, headers=_AsText(batch, retries, headers))


def unspoken(batch: RecordBatch) -> RecordBatch:
    """What `spoken` was made of: for whoever reads the headers of all."""
    headers = batch.headers
    return replace(batch, headers=headers.own) if isinstance(headers, _AsText) else batch
