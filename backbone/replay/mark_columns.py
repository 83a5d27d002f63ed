"""What retries say of themselves, of many at once: see `backbone/replay/retry_headers.py`."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backbone.header_columns import HeaderColumns
from backbone.record import Headers
from backbone.replay.retry_headers import About, Marks, own_headers


class MarkColumns(NamedTuple):
    """The same of many records, column by column; `own` are the records' own headers."""

    abouts: Sequence[About]
    numbers: Sequence[int | None]
    offsets: Sequence[int | None]
    published_ms: Sequence[int | None]
    own: HeaderColumns

    @classmethod
    def of_headers(cls, headers: Iterable[Headers]) -> "MarkColumns":
        """Of records that hold a retry each. Raises nothing: see `Marks.of_headers`."""
        rows = [*headers]
        marks = [*map(Marks.of_headers, rows)]
        return cls(
            [each.about for each in marks],
            [each.number for each in marks],
            [each.offset for each in marks],
            [each.published_ms for each in marks],
            HeaderColumns([*map(own_headers, rows)]),
        )

    def row(self, at: int) -> Marks:
        return Marks(self.abouts[at], self.numbers[at], self.offsets[at], self.published_ms[at])
