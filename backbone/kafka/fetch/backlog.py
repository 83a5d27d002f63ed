"""What was fetched and not handed over yet: record batches, taken as columns a poll at a time."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from backbone.codec.record_columns import Names, RecordsOfABatch, record_columns
from backbone.header_columns import HeaderColumns
from backbone.kafka.fetch.fetcher import Fetched
from backbone.kafka.fetch.record_batches import BatchOfRecords, header_names
from backbone.record import RecordBatch

Values = Sequence[bytes | None]

# A poll takes no more than it can hold in memory several times over: as bytes, as rows, as columns.
_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one partition, column by column, in offset order."""

    offsets: Sequence[int]
    keys: Values
    values: Values
    headers: HeaderColumns
    timestamps_ms: Sequence[int]

    def __len__(self) -> int:
        return len(self.offsets)

    def between(self, start: int, stop: int) -> "Run":
        """Those in the places from `start` to before `stop`."""
        if start == 0 and stop >= len(self):
            return self
        return Run(
            self.offsets[start:stop],
            self.keys[start:stop],
            self.values[start:stop],
            self.headers.between(start, stop),
            self.timestamps_ms[start:stop],
        )

    def from_offset(self, offset: int) -> "Run":
        """Those from `offset` on."""
        start = next((at for at, each in enumerate(self.offsets) if each >= offset), len(self))
        return self.between(start, len(self))

    @classmethod
    def joined(cls, runs: Sequence["Run"]) -> "Run":
        if len(runs) == 1:
            return runs[0]
        headers = HeaderColumns()
        for each in runs:
            headers.extend(each.headers)
        return cls(
            [offset for each in runs for offset in each.offsets],
            [key for each in runs for key in each.keys],
            [value for each in runs for value in each.values],
            headers,
            [time for each in runs for time in each.timestamps_ms],
        )


@dataclass(slots=True)
class _Waiting:
    """Of one partition: what was taken apart and was too much, then record batches. An answer
    begins with the batch in which the offset that was asked for lies: `first` is that offset."""

    first: int
    rest: Run | None = None
    batches: deque[BatchOfRecords] = field(default_factory=deque)

    @property
    def count(self) -> int:
        return len(self.rest or ()) + sum(each.count for each in self.batches)


class Backlog:
    def __init__(self) -> None:
        self._waiting: dict[int, _Waiting] = {}
        self._room = _MAX_BYTES  # of the poll that is made up

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __contains__(self, partition: int) -> bool:
        return partition in self._waiting

    def add(self, fetched: Fetched) -> None:
        if fetched.batches:
            waiting = self._waiting.setdefault(fetched.partition, _Waiting(fetched.offset))
            waiting.batches.extend(fetched.batches)

    def drop(self, partition: int) -> None:
        self._waiting.pop(partition, None)

    def take(self, max_records: int) -> dict[int, Run]:
        """The next records: of one partition, and of others those that are there as a whole. A part
        of one costs as much to work on as the rest of it."""
        found: dict[int, Run] = {}
        self._room = _MAX_BYTES
        for partition in [*self._waiting]:
            if found and (self._room <= 0 or self._waiting[partition].count > max_records):
                continue
            run = self._take(partition, max_records)
            max_records -= len(run)
            if len(run):
                found[partition] = run
        return found

    def _take(self, partition: int, most: int) -> Run:
        waiting = self._waiting[partition]
        runs = [waiting.rest] if waiting.rest is not None else [*_read(self._some(waiting, most))]
        run = Run.joined(runs).from_offset(waiting.first)
        waiting.rest = run.between(most, len(run)) if len(run) > most else None
        if waiting.rest is None and not waiting.batches:
            del self._waiting[partition]
        return run.between(0, most)

    def _some(
        self, waiting: _Waiting, most: int
    ) -> list[tuple[BatchOfRecords, RecordsOfABatch | None]]:
        """The next batches, decompressed; one at least."""
        found, count = list[tuple[BatchOfRecords, RecordsOfABatch | None]](), 0
        while waiting.batches and (not found or (count < most and self._room > 0)):
            batch = waiting.batches.popleft()
            found.append((batch, records := batch.in_columns))
            count += batch.count
            self._room -= len(records.records) if records else len(batch.data)
        return found


def _read(batches: Sequence[tuple[BatchOfRecords, RecordsOfABatch | None]]) -> Iterator[Run]:
    """Batches with the same headers at once, the others record by record."""
    named = [(each, header_names(each[1].records) if each[1] else None) for each in batches]
    for names, some in groupby(named, key=lambda each: each[1]):
        alike = [each for each, _ in some]
        run = _in_columns([records for _, records in alike if records], names)
        if run is not None:
            yield run
        else:
            yield from (_row_by_row(batch) for batch, _ in alike)


def _in_columns(batches: Sequence[RecordsOfABatch], names: Names | None) -> Run | None:
    if names is None:
        return None
    try:
        texts = [each.decode() for each in names]
    except UnicodeDecodeError:
        return None
    found = record_columns(batches, names)
    if found is None:
        return None
    headers = HeaderColumns.of(texts, found.headers, len(found.offsets))
    return Run(found.offsets, found.keys, found.values, headers, found.timestamps_ms)


def _row_by_row(batch: BatchOfRecords) -> Run:
    rows = [*batch.rows()]
    return Run(
        [each.offset for each in rows],
        [each.key for each in rows],
        [each.value for each in rows],
        HeaderColumns([each.headers for each in rows]),
        [each.timestamp_ms for each in rows],
    )


def record_batch(topic: str, topic_id: str, partition: int, run: Run) -> RecordBatch:
    return RecordBatch(
        topic=topic,
        topic_id=topic_id,
        partition=partition,
        offsets=run.offsets,
        keys=run.keys,
        values=run.values,
        headers=run.headers,
        timestamps_ms=run.timestamps_ms,
    )
