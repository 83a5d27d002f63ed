"""The Projector: keeps one view current in its store. The one writer of a view partition.

`assigned` claims the partition in the store and starts at the offset beside the state, not at the
group's. `step` works a batch out against the stored entries and stages it, cut by offset into
parts of at most 1,000 distinct keys. `commit` writes the parts: each is atomic, fenced by the
claim, and moves the offset. A store that was emptied or replaced by an older copy is noticed at
the next write or heartbeat, claimed again and healed from the log.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from backbone import metrics
from backbone.contracts.catalog import Contracts
from backbone.errors import Fatal, Transient
from backbone.log import BEGINNING, End
from backbone.logs import logger
from backbone.record import Outcomes, RecordBatch
from backbone.views.store import Entry, Part, Status, ViewId, ViewWriter, Wiped
from processors.folding import MAX_KEYS, Decoder, Folding, cut
from processors.view import View


@dataclass(frozen=True, slots=True)
class Store:
    """Where a projector writes: the view as the store knows it, the store's writer, and the ends
    of the view's topic (asked once per claim, and nothing is written straight before)."""

    view: ViewId
    writer: ViewWriter
    ends: Callable[[], Mapping[int, int]]


@dataclass(slots=True)
class _Held:
    """A partition that is ours: how it was claimed, where it stands, what is staged, and whether
    the store was found emptied or replaced and is not claimed again yet."""

    token: str
    run_id: str
    status: Status
    staged: list[Part] = field(default_factory=list)
    wiped: bool = False


class Projector:
    """A `backbone.runner.Processor`. One thread; one instance per view and process."""

    def __init__(self, view: View, contracts: Contracts, decoder: Decoder, store: Store) -> None:
        self.name = view.name
        self._view = view
        self._folding = Folding(view, decoder, store.view.partitions)
        self._store = store
        self._kept_for_ever = all(
            contract.retention == "forever" for contract in contracts.of_topic(view.topic)
        )
        self._held: dict[int, _Held] = {}
        self._log = logger(f"view.{view.name}")

    # claiming

    def assigned(self, partition: int, topic_id: str) -> int:
        return self._claim(partition, topic_id, known=0)

    def _claim(self, partition: int, topic_id: str, known: int) -> int:
        """A store that stands below `known` is an older copy: built again, as an emptied one."""
        claimed = self._store.writer.claim(self._store.view, partition)
        status = claimed.status
        if status is not None and status.topic_id != topic_id:
            raise Fatal(
                f"{self.name}/{partition} was built from the topic with id {status.topic_id}, and "
                f"{self._view.topic} is {topic_id} now: it was deleted and created again. Rebuild "
                f"the view with `backbone view rebuild {self.name}` (docs/recreated-topic.md)"
            )
        if status is None or status.offset < known:
            before = status or Status(topic_id, 0, 0, 0, 0)
            status = self._start(partition, claimed.token, before)
        self._held[partition] = _Held(claimed.token, claimed.run_id, status)
        # from 0, not from the beginning: facts that are gone must be noticed, unless the topic
        # never promised to keep them
        return status.offset if status.offset or self._kept_for_ever else BEGINNING

    def _start(self, partition: int, token: str, before: Status) -> Status:
        """Readers are told to wait until the log's end of now is reached."""
        status = replace(before, rebuild_until=self._store.ends()[partition])
        try:
            self._store.writer.start(self._store.view, partition, token, status)
        except Wiped as error:
            raise Transient(f"emptied again while it was claimed: {error}") from error
        self._log.info("building", partition=partition, until=status.rebuild_until)
        return status

    def revoked(self, partition: int) -> None:
        self._held.pop(partition, None)
        for gauge in (metrics.VIEW_APPLIED, metrics.VIEW_CURRENT):
            with suppress(KeyError):  # a frozen gauge would alarm for what is another's now
                gauge.remove(self.name, str(partition))

    def lost(self, partition: int) -> None:
        self.revoked(partition)

    def may_stop(self, partition: int) -> bool:
        """False while the partition is built from the log: see `middleware/dead_letters.py`."""
        return not self._held[partition].status.rebuilding

    # working a batch out

    def step(self, batch: RecordBatch) -> Outcomes:
        held = self._held[batch.partition]
        outcomes = Outcomes(len(batch))
        facts = list(self._folding.facts(batch, held.status.offset, outcomes))
        entries = self._stored(batch.partition, [fact.key for _, fact in facts])
        changes = self._folding.apply(facts, entries, outcomes)
        held.staged = cut(batch, held.status, changes)
        return outcomes

    def _stored(self, partition: int, keys: Sequence[str]) -> dict[str, Entry | None]:
        wanted = list(dict.fromkeys(keys))
        found: dict[str, Entry | None] = {}
        for start in range(0, len(wanted), MAX_KEYS):
            some = wanted[start : start + MAX_KEYS]
            found.update(
                zip(some, self._store.writer.read(self._store.view, partition, some), strict=True)
            )
        return found

    # making it durable

    def commit(self, batch: RecordBatch) -> int | None:
        return self._write_staged(batch.partition, self._held[batch.partition])

    def idle(self, end: End) -> int | None:
        held = self._held[end.partition]
        after = replace(
            held.status,
            # the tail of a log may be control records, which are never delivered
            offset=max(held.status.offset, end.offset),
            current_until_ms=max(held.status.current_until_ms, end.seen_ms),
        )
        held.staged = [Part(held.status.offset, {}, after)]
        restarted = self._store.writer.run_id() != held.run_id
        # also then the write comes first: another claim must fence us, not be claimed over
        again = self._write_staged(end.partition, held)
        return self._heal(end.partition, held) if restarted and again is None else again

    def _write_staged(self, partition: int, held: _Held) -> int | None:
        """Called again after a Transient: once it was found wiped, nothing is written before the
        partition is claimed anew, for a claim of ours that got no answer would fence us."""
        try:
            while held.staged and not held.wiped:
                self._write(partition, held, held.staged[0])
                del held.staged[0]
        except Wiped:
            held.wiped = True
        return self._heal(partition, held) if held.wiped else None

    def _write(self, partition: int, held: _Held, part: Part) -> None:
        self._store.writer.write(self._store.view, partition, held.token, part)
        held.status = part.status
        labels = (self.name, str(partition))
        metrics.VIEW_APPLIED.labels(*labels).set(part.status.as_of_ms / 1000)
        metrics.VIEW_CURRENT.labels(*labels).set(part.status.current_until_ms / 1000)

    def _heal(self, partition: int, held: _Held) -> int:
        held.wiped = True
        self._log.warning("the store was emptied or replaced: healing", partition=partition)
        # what readers were shown already, or were to wait for
        known = max(held.status.offset, held.status.rebuild_until)
        return self._claim(partition, held.status.topic_id, known)
