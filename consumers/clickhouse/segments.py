"""Segments: what is inserted at once, cut so that its note fits beside the offset."""

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from backbone.codec.table_columns import TableRows
from backbone.errors import Fatal
from backbone.record import Outcomes, RecordBatch
from backbone.warehouse.store import Block
from backbone.warehouse.table import FactTable
from consumers.clickhouse.pending import Pending, cut
from consumers.clickhouse.rows import Decoded, decode
from consumers.clickhouse.tables import Tables

ENOUGH = 60_000
"""Records of one insert, where so many are there: each costs two commits' time and a part."""

ENOUGH_BYTES = 16 * 1024 * 1024
"""Or so much in memory: facts may be large."""


@dataclass(slots=True)
class Segment:
    """Records that are inserted together: their rows by fact type. `sent` is the insert that is
    under way; one that was `begun` by a predecessor stays as it is."""

    pending: Pending
    rows: Mapping[str, TableRows]
    tables: Mapping[str, FactTable]
    complete_ms: int
    count: int
    begun: bool = False
    sent: "Future[None] | None" = None

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return sum(each.size for each in self.rows.values())

    def blocks(self, token: str) -> Sequence[Block]:
        return [Block(self.tables[kind], token, rows) for kind, rows in self.rows.items()]


def segments(batch: RecordBatch, tables: Tables, outcomes: Outcomes) -> list[Segment]:
    """Decode a batch, say what became of each record, and cut it."""
    decoded = decode(batch, tables)
    for place, poison in decoded.poisons.items():
        outcomes.poison(place, poison)
    made = []
    for places in cut(batch.offsets, sorted(decoded.poisons)):
        excluded = sorted(batch.offsets[at] for at in decoded.poisons if at in places)
        first, last = batch.offsets[places.start], batch.offsets[places.stop - 1]
        pending = Pending(first, last, tuple(excluded))
        made.append(_segment(batch, places, decoded, tables, pending))
    return made


def again(batch: RecordBatch, pending: Pending, tables: Tables) -> Segment:
    """The very segment that was noted before a crash. Raises Fatal where it cannot be formed."""
    decoded = decode(batch, tables)
    known = set(pending.excluded)
    places = range(
        bisect_left(batch.offsets, pending.first), bisect_right(batch.offsets, pending.last)
    )
    news = [at for at in decoded.poisons if at in places and batch.offsets[at] not in known]
    if news:
        raise Fatal(
            f"the insert of {batch.topic}/{batch.partition} {pending.first}-{pending.last} was "
            f"begun and cannot be formed again: {batch.position(min(news))} is poison for this "
            f"version ({decoded.poisons[min(news)]}). Whether it was inserted is not known: run "
            "the version that began it once, then this one"
        )
    made = _segment(batch, places, decoded, tables, pending)
    made.begun = True
    return made


def are_enough(waiting: Iterable[Segment], most: int) -> bool:
    """Whether they are worth an insert, or were begun: then nothing is to wait for."""
    count, size = sum(each.count for each in waiting), sum(each.size for each in waiting)
    return count >= most or size >= ENOUGH_BYTES or any(each.begun for each in waiting)


def next_of(waiting: deque[Segment], most: int) -> Segment:
    """Take the first, and with it those behind it that one insert and one note have room for."""
    taken = [waiting.popleft()]
    pending, count, size = taken[0].pending, taken[0].count, taken[0].size
    while waiting and not taken[0].begun and taken[0].tables is waiting[0].tables:
        joined = pending.joined(waiting[0].pending)
        count, size = count + waiting[0].count, size + waiting[0].size
        if count > most or size > ENOUGH_BYTES or not joined.fits:
            break
        taken.append(waiting.popleft())
        pending = joined
    return taken[0] if len(taken) == 1 else _joined(taken, pending)


def _joined(parts: Sequence[Segment], pending: Pending) -> Segment:
    rows: dict[str, list[TableRows]] = defaultdict(list)
    for part in parts:
        for kind, found in part.rows.items():
            rows[kind].append(found)
    return Segment(
        pending=pending,
        rows={kind: TableRows.stacked(found) for kind, found in rows.items()},
        tables=parts[0].tables,
        complete_ms=parts[-1].complete_ms,
        count=sum(part.count for part in parts),
    )


def _segment(
    batch: RecordBatch, places: range, decoded: Decoded, tables: Tables, pending: Pending
) -> Segment:
    known = set(pending.excluded)
    rows = {}
    for kind, every in decoded.rows.items():
        found = every.between(places.start, places.stop)
        if known:
            found = found.only(
                [at for at, place in enumerate(found.places) if batch.offsets[place] not in known]
            )
        if len(found):
            rows[kind] = found
    last = batch.timestamps_ms[places.stop - 1]
    return Segment(pending, rows, tables.tables, last, len(places))
