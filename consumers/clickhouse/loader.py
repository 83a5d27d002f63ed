"""The loader: one topic's facts into their tables, each exactly once.

Before an insert the group's *unchanged* offset is committed with a note of which records it holds
(`pending.py`). Whoever comes after a crash forms that very insert again, with the same token, so a
table that has it takes nothing. The commit is the fence: who has lost the partition notes nothing
and moves nothing; what it still inserts is what the next owner inserts, too. Should a table have
forgotten the token, its rows are told apart by their log positions when they are read.

While one batch is inserted the next one is decoded; the offset that moves over the first and the
note of the second are one commit.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from backbone import metrics
from backbone.errors import BackboneError, Fatal
from backbone.log import BEGINNING, End, GroupOffsets
from backbone.logs import logger
from backbone.record import Outcome, Outcomes, RecordBatch
from backbone.warehouse.store import Reached, WarehouseWriter
from consumers.clickhouse.pending import Note
from consumers.clickhouse.segments import ENOUGH, Segment, again, are_enough, next_of, segments
from consumers.clickhouse.stretch import Stretch
from consumers.clickhouse.tables import Tables

SAY_SECONDS = 5.0
"""How often a quiet partition is said to be complete: each time is an insert of its own."""


@dataclass(slots=True)
class _Held:
    """A partition that is ours. Everything below `offset` is loaded; `noted` is what stands beside
    the group's offset, `known` how far the warehouse was when the partition was taken over.

    `step` leaves its segments in `worked_out` and what it waits for in `gathering`; `commit` takes
    both over. `waiting` has what nothing is noted of yet, until there is enough for an insert;
    `queue` has the segments that are not known to be loaded, the first one under way.
    """

    topic_id: str
    offset: int
    known: int
    committed: tuple[int, str]
    stretch: Stretch | None = None
    worked_out: Sequence[Segment] = ()
    gathering: Stretch | None = None
    waiting: deque[Segment] = field(default_factory=deque)
    queue: deque[Segment] = field(default_factory=deque)
    said: tuple[int, int] = (0, 0)
    say_at: float = 0.0


class Loader:
    """A `backbone.runner.Processor`. One thread and, for inserts, one of its own."""

    def __init__(
        self,
        name: str,
        tables: Tables,
        writer: WarehouseWriter,
        enough: int = ENOUGH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._tables = tables
        self._writer = writer
        self._enough = enough
        self._clock = clock
        self._group: GroupOffsets
        self._prepared = False
        self._held: dict[int, _Held] = {}
        self._thread = ThreadPoolExecutor(1, f"{name}-insert")
        self._log = logger(f"sink.{name}")

    def attach(self, group: GroupOffsets) -> None:
        """Before the first poll: the group whose offsets are kept."""
        self._group = group

    def close(self) -> None:
        self._thread.shutdown()

    def _prepare(self) -> None:
        if not self._prepared:
            self._writer.prepare(list(self._tables.tables.values()))
            self._prepared = True

    # taking over

    def assigned(self, partition: int, topic_id: str) -> int:
        found = self._group.committed(partition)
        reached = self._reached(partition, topic_id)
        offset, note = found or (reached, "")
        noted = Note.read(note)
        if noted is not None:
            self._require_same(partition, topic_id, noted.topic_id)
        pending = noted.pending if noted else None
        if reached < offset:
            self._log.warning("the warehouse lacks what was loaded: healing", partition=partition)
            offset, pending = reached, None
        elif pending is not None and pending.last < reached:
            offset, pending = pending.last + 1, None
        stretch = Stretch(pending) if pending else None
        committed = (found.offset, found.note) if found else (-1, "")
        self._held[partition] = _Held(topic_id, offset, reached, committed, stretch)
        return offset if offset or self._tables.kept_for_ever else BEGINNING

    def _reached(self, partition: int, topic_id: str) -> int:
        """How far the warehouse has the partition; says of every partition that it has begun."""
        self._prepare()
        found = self._writer.reached(self._tables.topic)
        for each in found:
            self._require_same(partition, topic_id, each.topic_id)
        begun = {(each.table, each.partition) for each in found}
        missing = [
            self._say(name, topic_id, number, 0, 0)
            for name in self._names
            for number in range(self._tables.partitions)
            if (name, number) not in begun
        ]
        if missing:
            self._writer.advance(missing)
        return max((each.next_offset for each in found if each.partition == partition), default=0)

    def _require_same(self, partition: int, topic_id: str, known: str) -> None:
        if known != topic_id:
            raise Fatal(
                f"{self._tables.topic}/{partition} was loaded from the topic with id {known}, and "
                f"it is {topic_id} now: it was deleted and created again. What to do is said in "
                "docs/warehouse.md (A topic that was created again)"
            )

    def revoked(self, partition: int) -> None:
        """What was begun is finished before somebody else takes over, if it can be."""
        held = self._held.get(partition)
        if held is not None:
            with suppress(BackboneError):
                self._finish(partition, held)
        self.lost(partition)

    def _finish(self, partition: int, held: _Held) -> None:
        self._load(partition, held, wait=True)
        if held.stretch is None:  # else its note is still needed
            self._keep(partition, held, Note(held.topic_id))

    def lost(self, partition: int) -> None:
        self._held.pop(partition, None)
        with suppress(KeyError):  # a frozen gauge would alarm for what is another's now
            metrics.SINK_COMPLETE.remove(self.name, self._tables.topic, str(partition))

    def may_stop(self, partition: int) -> bool:
        """False while records are read that the warehouse has had: they were judged when they
        came."""
        held = self._held[partition]
        return held.offset >= held.known

    # working a batch out

    def step(self, batch: RecordBatch) -> Outcomes:
        held, outcomes = self._held[batch.partition], Outcomes(len(batch))
        self._prepared &= not self._tables.learn(batch)
        self._prepare()
        if held.stretch is None:
            held.worked_out = segments(batch, self._tables, outcomes)
            return outcomes
        held.gathering = held.stretch.with_next(batch)
        for place in held.gathering.parked(batch):  # in the dead letters since it was noted
            outcomes.set(place, Outcome.SUPERSEDED)
        held.worked_out = self._once_complete(held.gathering, batch, outcomes)
        return outcomes

    def _once_complete(
        self, stretch: Stretch, batch: RecordBatch, outcomes: Outcomes
    ) -> Sequence[Segment]:
        if not stretch.complete:
            return ()
        made = [again(stretch.batch, stretch.pending, self._tables)]
        rest = stretch.behind(batch)
        if len(rest):
            within = Outcomes(len(rest))
            made += segments(rest, self._tables, within)
            for place, poison in within.poisons.items():
                outcomes.poison(len(batch) - len(rest) + place, poison)
        return made

    # making it durable

    def commit(self, batch: RecordBatch) -> int | None:
        held = self._held[batch.partition]
        self._take_over(held)
        self._load(batch.partition, held, wait=False)
        return None

    def idle(self, end: End) -> int | None:
        """Everything is finished; then the warehouse is told how current it is."""
        held = self._held[end.partition]
        self._load(end.partition, held, wait=True)
        if held.stretch is not None:
            held.stretch.require_reachable(end.offset)
            return None
        held.offset = max(held.offset, end.offset)  # the tail may be control records
        self._keep(end.partition, held, Note(held.topic_id))
        return self._tell(end, held)

    def _take_over(self, held: _Held) -> None:
        held.waiting.extend(held.worked_out)
        if held.gathering is not None:
            held.stretch = None if held.gathering.complete else held.gathering
        held.worked_out, held.gathering = (), None

    def _load(self, partition: int, held: _Held, *, wait: bool) -> None:
        """Insert what is there, one segment at a time; without `wait` the last is left under way,
        and too little for an insert waits for more. Called again after a Transient."""
        while held.waiting and (wait or are_enough(held.waiting, self._enough)):
            held.queue.append(next_of(held.waiting, self._enough))
        while held.queue:
            head = held.queue[0]
            if head.sent is None:
                self._keep(partition, held, Note(held.topic_id, head.pending))
                head.sent = self._thread.submit(self._insert, partition, held.topic_id, head)
            if not wait and len(held.queue) == 1:
                return
            sent, head.sent = head.sent, None
            sent.result()
            held.queue.popleft()
            held.offset = head.pending.last + 1

    def _insert(self, partition: int, topic_id: str, segment: Segment) -> None:
        """In the thread for inserts. All of it may be repeated."""
        for block in segment.blocks(segment.pending.token(topic_id, partition)):
            self._writer.insert(block)
        end = segment.pending.last + 1
        self._advance(partition, topic_id, end, segment.complete_ms)
        segment.rows = {}  # it may be a while until anybody asks whether it is there

    def _keep(self, partition: int, held: _Held, note: Note) -> None:
        if held.committed != (held.offset, str(note)):
            self._group.commit(partition, held.offset, str(note))
            held.committed = (held.offset, str(note))

    # how current it is

    def _tell(self, end: End, held: _Held) -> int | None:
        """Seldom, unless there is news; and a warehouse that was replaced by an older copy is
        noticed."""
        now = self._clock()
        if held.said[0] == held.offset and now < held.say_at:
            return None
        if held.say_at:
            found = self._writer.reached(self._tables.topic)
            reached = [each.next_offset for each in found if each.partition == end.partition]
            behind = max(reached, default=0)
            if behind < held.said[0]:
                return self._heal(end.partition, held, behind)
        self._advance(end.partition, held.topic_id, held.offset, end.seen_ms)
        held.said, held.say_at = (held.offset, end.seen_ms), now + SAY_SECONDS
        return None

    def _heal(self, partition: int, held: _Held, reached: int) -> int:
        self._log.warning("the warehouse was replaced: healing", partition=partition)
        self._prepared = False
        self._prepare()
        held.known, held.offset = max(held.known, held.offset), reached
        held.said, held.say_at = (0, 0), 0.0
        self._keep(partition, held, Note(held.topic_id))
        return reached if reached or self._tables.kept_for_ever else BEGINNING

    def _advance(self, partition: int, topic_id: str, offset: int, complete_ms: int) -> None:
        self._writer.advance(
            [self._say(name, topic_id, partition, offset, complete_ms) for name in self._names]
        )
        labels = (self.name, self._tables.topic, str(partition))
        metrics.SINK_COMPLETE.labels(*labels).set(complete_ms / 1000)

    def _say(
        self, table: str, topic_id: str, partition: int, offset: int, complete_ms: int
    ) -> Reached:
        return Reached(table, topic_id, self._tables.topic, partition, offset, complete_ms)

    @property
    def _names(self) -> Sequence[str]:
        return [each.name for each in self._tables.tables.values()]
