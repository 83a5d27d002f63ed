"""How many rows a page of the outbox may have: as many as fit in bytes and come in time."""

from bisect import bisect_right
from itertools import accumulate

from backbone.errors import Transient
from producers.outbox.rows import OutboxRows

# Asked for first, before anything is known of the rows: of 1 MiB each they still fit in memory, so
# that a relay that died of a page too large does not die of the same page again.
FIRST_ROWS = 100


class ReadLess(Transient):
    """The rows did not come in time. Wait, then ask for fewer."""


class PageSize:
    """`rows` is how many to ask for. It follows what is read, and what is not read in time."""

    def __init__(self, max_rows: int, max_bytes: int) -> None:
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self.rows = min(FIRST_ROWS, max_rows)

    def fitting(self, rows: OutboxRows) -> OutboxRows:
        """Give the first rows of a page that fit, at least one, and learn from all of it."""
        ends = list(accumulate(rows.sizes))
        total = ends[-1] if ends else 0
        if total > self._max_bytes:
            self.rows = max(1, len(rows) * self._max_bytes // total)
        elif len(rows) == self.rows and total <= self._max_bytes // 2:
            # only a full page tells that more rows would fit
            self.rows = min(self.rows * 2, self._max_rows)
        return rows[: max(1, bisect_right(ends, self._max_bytes))]

    def halve(self) -> None:
        self.rows = max(1, self.rows // 2)
