"""The stretch of the log that a predecessor had begun to insert, gathered poll by poll."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from backbone.errors import Fatal
from backbone.record import RecordBatch
from consumers.clickhouse.pending import Pending


@dataclass(frozen=True, slots=True)
class Stretch:
    pending: Pending
    parts: tuple[RecordBatch, ...] = ()

    def with_next(self, batch: RecordBatch) -> "Stretch":
        """What there is of it once `batch`, which follows, is there, too."""
        count = bisect_right(batch.offsets, self.pending.last)
        grown = Stretch(self.pending, (*self.parts, _piece(batch, range(count))))
        if grown.parts[0].offsets[:1] != [self.pending.first] or (
            count < len(batch) and not grown.complete
        ):
            raise self._gone()
        return grown

    def require_reachable(self, end: int) -> None:
        """Raises Fatal where the log ends before the stretch does."""
        if end <= self.pending.last:
            raise self._gone()

    def _gone(self) -> Fatal:
        return Fatal(
            f"an insert of the offsets {self.pending.first} to {self.pending.last} was begun, and "
            "the log has no longer all of them: it was truncated, or lost its tail. Look at the "
            "broker, then set the group's offset by hand (docs/warehouse.md)"
        )

    @property
    def complete(self) -> bool:
        return bool(self.parts) and self.parts[-1].offsets[-1:] == [self.pending.last]

    @property
    def batch(self) -> RecordBatch:
        """Everything gathered, as one batch."""
        first = self.parts[0]
        return RecordBatch(
            topic=first.topic,
            topic_id=first.topic_id,
            partition=first.partition,
            offsets=[each for part in self.parts for each in part.offsets],
            keys=[each for part in self.parts for each in part.keys],
            values=[each for part in self.parts for each in part.values],
            headers=[each for part in self.parts for each in part.headers],
            timestamps_ms=[each for part in self.parts for each in part.timestamps_ms],
        )

    def behind(self, batch: RecordBatch) -> RecordBatch:
        """The records of a batch that stand behind the stretch."""
        count = bisect_right(batch.offsets, self.pending.last)
        return _piece(batch, range(count, len(batch)))

    def parked(self, batch: RecordBatch) -> Sequence[int]:
        """Places of the records that became dead letters when the stretch was noted."""
        excluded = set(self.pending.excluded)
        return [place for place, offset in enumerate(batch.offsets) if offset in excluded]


def _piece(batch: RecordBatch, places: range) -> RecordBatch:
    return RecordBatch(
        topic=batch.topic,
        topic_id=batch.topic_id,
        partition=batch.partition,
        offsets=list(batch.offsets[places.start : places.stop]),
        keys=batch.keys[places.start : places.stop],
        values=batch.values[places.start : places.stop],
        headers=[batch.headers[place] for place in places],
        timestamps_ms=batch.timestamps_ms[places.start : places.stop],
    )
