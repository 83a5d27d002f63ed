"""The interval of a ledger: which offsets of each partition, and which cursors of each source."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from backbone.cursor_record import CursorRecord
from backbone.record import Record

NOTHING = CursorRecord({}, 0, 0, 0, facts={})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Offsets of one partition: from `first` up to, not including, `end`. `start`: the first offset
    that is still there."""

    first: int
    end: int
    start: int = 0

    def __contains__(self, offset: int) -> bool:
        return self.first <= offset < self.end


@dataclass(frozen=True, slots=True)
class Bounds:
    """When the interval begins (None: with the first record) and ends, in ms since 1970."""

    from_ms: int | None
    to_ms: int


@dataclass(slots=True)
class CursorSpan:
    """What one source published between two of its cursors: its transactions that ended within the
    interval. A fact of them was appended after `after_ms`, and not after `until_ms`."""

    before: CursorRecord | None = field(default_factory=lambda: NOTHING)
    last: CursorRecord = field(default_factory=lambda: NOTHING)
    after_ms: int = -1
    until_ms: int = -1

    @property
    def read(self) -> int:
        return self.last.read - self._before.read

    @property
    def published(self) -> int:
        return self.last.published - self._before.published

    @property
    def rejected(self) -> int:
        return self.last.rejected - self._before.rejected

    @property
    def mended(self) -> int:
        """Rejects that were published after all, beside what was read."""
        return self.last.retried.mended - self._before.retried.mended

    @property
    def known(self) -> bool:
        """False where the cursor that the interval begins with was compacted away."""
        return self.before is not None

    def facts(self, topic: str, topics: int) -> int | None:
        """Of one topic; None where that was not counted. `topics`: how many the source has."""
        if topics == 1:
            return self.published + self.mended
        if self.mended or self.last.facts is None or self._before.facts is None:
            return None
        return self.last.facts.get(topic, 0) - self._before.facts.get(topic, 0)

    @property
    def _before(self) -> CursorRecord:
        return self.before or NOTHING


def span(cursors: Iterable[Record], bounds: Bounds) -> CursorSpan:
    """From the last cursor before the interval to the last one in it. `cursors` in log order, as
    far as they were kept."""
    found = CursorSpan()
    whole = True  # nothing was compacted away before the first one
    for index, record in enumerate(cursors):
        if record.timestamp_ms > bounds.to_ms or record.value is None:
            break
        cursor = CursorRecord.from_bytes(record.value)
        if index == 0:
            whole = record.position.offset == 0 or cursor.read == 0
            whole = whole or bounds.from_ms is None
        if bounds.from_ms is not None and record.timestamp_ms < bounds.from_ms:
            found.before, found.after_ms, whole = cursor, record.timestamp_ms, True
        found.last, found.until_ms = cursor, record.timestamp_ms
    if not whole:
        found.before = None
    return found
