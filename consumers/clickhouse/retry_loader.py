"""The loader of what is tried again: `retry.<sink>` into the tables, each fact once.

A retry becomes the record that it was at first, and its row stands under that record's log position
with the lineage that it would have had then. Whose row is there already changes nothing. Order does
not matter to rows, so that one retry topic serves every topic of the sink, and how far the tables
are complete is the loaders' own to say.

The rows are inserted, then the outcomes are told, then the group's offset moves. After a crash in
between it is all done again: what was inserted is found to be there, and a late insert of whoever
was overtaken has the same log positions, which the views show once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from backbone import metrics
from backbone.log import BEGINNING, Appender, End, GroupOffsets, Message
from backbone.logs import logger
from backbone.record import Middleware, Outcomes, RecordBatch, Step
from backbone.replay.mark_columns import MarkColumns
from backbone.replay.originals import Originals, originals, told_of
from backbone.replay.outcomes import ToldColumns, reports
from backbone.replay.packs import opened
from backbone.replay.retry_headers import Stood
from backbone.replay.retry_texts import spoken, unspoken
from backbone.warehouse.store import Block, Reached, WarehouseReader, WarehouseWriter
from consumers.clickhouse.judging import judged
from consumers.clickhouse.pending import Note
from consumers.clickhouse.tables import Tables


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Where rows are written, and asked for."""

    writer: WarehouseWriter
    reader: WarehouseReader


@dataclass(frozen=True, slots=True)
class Telling:
    """Where outcomes are told; and the first offsets that the retry topic has still."""

    appender: Appender
    replayed: str
    starts: Callable[[], Mapping[int, int]]


@dataclass(slots=True)
class _Work:
    """What one batch of retries does, once it is committed: the blocks that are not inserted yet,
    by the partition of their facts, and what is to be told (None: it was)."""

    blocks: dict[Stood, list[Block]] = field(default_factory=dict)
    told: ToldColumns | None = None


class RetryLoader:
    """A `backbone.runner.Processor` of the retry topic. One thread. `middleware` is that of the
    records as they were at first: dead letters tell of their first positions."""

    def __init__(
        self,
        name: str,
        tables: Mapping[str, Tables],
        warehouse: Warehouse,
        middleware: Sequence[Middleware],
        telling: Telling,
    ) -> None:
        self.name = name
        self._tables = tables
        self._warehouse = warehouse
        self._telling = telling
        self._group: GroupOffsets
        self._prepared: set[str] = set()
        self._work: dict[int, _Work] = {}
        self._batch: RecordBatch
        step: Step = self._judge
        for wrap in reversed(middleware):
            step = wrap(step)
        self._step = step
        self._log = logger(f"retries.{name}")

    def attach(self, group: GroupOffsets) -> None:
        """Before the first poll: the group whose offsets are kept."""
        self._group = group

    # taking over

    def assigned(self, partition: int, topic_id: str) -> int:
        """From the beginning where nothing is kept, or the retry topic is another one: trying
        again changes nothing."""
        found = self._group.committed(partition)
        noted = Note.read(found.note) if found else None
        if found is None or noted is None or noted.topic_id != topic_id:
            return BEGINNING
        return max(found.offset, self._telling.starts().get(partition, 0))

    def revoked(self, partition: int) -> None:
        self._work.pop(partition, None)

    def lost(self, partition: int) -> None:
        self._work.pop(partition, None)

    # working a batch out

    def step(self, batch: RecordBatch) -> Outcomes:
        """The outcomes that count are told; the runner moves on, whatever they are."""
        self._batch, work = batch, _Work()
        self._work[batch.partition] = work
        retries, marks = opened(batch)
        tried: list[tuple[Originals, Outcomes]] = []
        for place, below in self._places(marks).items():
            found = originals(retries, marks, place, below)
            if found.batch is not None:
                told = spoken(found.batch, found.batch, found.headers)
                tried.append((found, self._step(told)))
        work.told = told_of(marks, tried)
        return Outcomes(len(batch))

    def _places(self, marks: MarkColumns) -> Mapping[Stood, int]:
        """The partitions that the retries come from, and the offsets up to which the loaders have
        passed each: what stands ahead is the log's own to bring."""
        asked = {Stood.read(each) for each in {about.beginning for about in marks.abouts}}
        wanted = {(each.topic, each.partition) for each in asked if each is not None}
        passed: dict[Stood, int] = {}
        for each in self._reached({topic for topic, _ in wanted}):
            if (each.topic, each.partition) in wanted:
                place = Stood(each.topic, each.topic_id, each.partition)
                passed[place] = max(each.next_offset, passed.get(place, 0))
        return passed

    def _reached(self, topics: set[str]) -> Iterator[Reached]:
        for topic in sorted(topics & self._tables.keys()):
            self._prepare(topic)
            yield from self._warehouse.writer.reached(topic)

    def _judge(self, batch: RecordBatch) -> Outcomes:
        batch = unspoken(batch)
        tables = self._tables[batch.topic]
        if tables.learn(batch):
            self._prepared.discard(batch.topic)
        self._prepare(batch.topic)
        found = judged(batch, tables, self._warehouse.reader)
        place = Stood(batch.topic, batch.topic_id, batch.partition)
        self._work[self._batch.partition].blocks[place] = [
            Block(tables.tables[kind], self._token(place, kind, batch, rows.places), rows)
            for kind, rows in found.rows.items()
        ]
        return found.outcomes

    def _prepare(self, topic: str) -> None:
        if topic not in self._prepared:
            self._warehouse.writer.prepare(list(self._tables[topic].tables.values()))
            self._prepared.add(topic)

    def _token(self, place: Stood, kind: str, batch: RecordBatch, places: Sequence[int]) -> str:
        """Of these retries and these rows: a later run is another insert, for the rows may have
        gone from the table since."""
        retries = self._batch
        rows = ",".join(str(batch.offsets[each]) for each in places)
        what = sha256(f"{place.beginning()}{kind}|{rows}".encode()).hexdigest()[:32]
        first, last = retries.offsets[0], retries.offsets[-1]
        return f"retry-{retries.topic_id}-{retries.partition}-{first}-{last}-{what}"

    # making it durable

    def commit(self, batch: RecordBatch) -> int | None:
        """Called again after a Transient: what was done is not done again."""
        work = self._work[batch.partition]
        for blocks in work.blocks.values():
            while blocks:
                self._warehouse.writer.insert(blocks[0])
                del blocks[0]
        if work.told is not None:
            self._tell(batch, work.told)
            work.told = None
        self._group.commit(batch.partition, batch.next_offset, str(Note(batch.topic_id)))
        return None

    def _tell(self, batch: RecordBatch, told: ToldColumns) -> None:
        made = reports(batch.topic_id, batch.offsets[0], batch.next_offset, told)
        replayed, partition = self._telling.replayed, batch.partition
        messages = [Message(replayed, None, each, (), partition) for each in made]
        self._telling.appender.append(messages)
        for became, _ in told.became:
            metrics.REPLAYED.labels(self.name, became).inc()

    def idle(self, end: End) -> int | None:
        """Nothing waits: what was tried is committed."""
        del end
        return None
