"""The Projector: keeps one view current in its store. The one writer of a view partition.

`assigned` claims the partition in the store and starts at the offset beside the state, not at the
group's. `step` works a batch out against the stored entries, cut by offset into parts that are
written in one go each. `commit` sends the parts: each is atomic, fenced by the claim, and moves the
offset. While the store writes them the next batch is worked out; their answers are heard before
the next ones are sent, when an end is reached and before the partition is handed over. A store that
was emptied or replaced by an older copy is noticed at the next answer or heartbeat, claimed again
and healed from the log.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from backbone import metrics
from backbone.contracts.catalog import Contracts
from backbone.errors import BackboneError, Fatal, Transient
from backbone.log import BEGINNING, End
from backbone.logs import logger
from backbone.record import Outcomes, RecordBatch
from backbone.views.store import Part, Status, ViewId, ViewWriter, Wiped
from processors import batch_facts, latest
from processors.claimed import Claimed
from processors.folding import Folding
from processors.hold import Hold
from processors.latest import Latest
from processors.retrying import tell_already_applied
from processors.stored import Stored, version_of
from processors.view import LatestByKey, View, is_strict, passes_over

_MOST_BESIDE = 8  # partitions on their way at a time, each with a connection


class Decoder(batch_facts.Decoder, latest.BatchDecoder, Protocol):
    """The codec, as far as a projector needs it."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where a projector writes: the view as the store knows it, the store's writer, and the ends
    of the view's topic (asked once per claim, and nothing is written straight before)."""

    view: ViewId
    writer: ViewWriter
    ends: Callable[[], Mapping[int, int]]


class Projector:
    """A `backbone.runner.Processor`. One thread; one instance per view and process."""

    def __init__(self, view: View, contracts: Contracts, decoder: Decoder, store: Store) -> None:
        self.name = view.name
        self.topic = view.topic
        self._view = view
        self._folding = Folding(view, decoder, store.view.partitions)
        self._latest: Latest | None = None
        if isinstance(view, LatestByKey):
            contract = contracts[view.fact]
            self._latest = Latest(view, decoder, contract, store.view.partitions)
        self._store = store
        self._kept_for_ever = all(
            contract.retention == "forever" for contract in contracts.of_topic(view.topic)
        )
        self._held: dict[int, Claimed] = {}
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
        hold = self._stored_hold(partition)
        self._held[partition] = Claimed(claimed.token, claimed.run_id, status, hold)
        # from 0, not from the beginning: facts that are gone must be noticed, unless the topic
        # never promised to keep them
        return status.offset if status.offset or self._kept_for_ever else BEGINNING

    def _stored_hold(self, partition: int) -> Hold | None:
        """Read once per claim: nobody else changes it."""
        if not is_strict(self._view):
            return None
        stored = self._store.writer.held(self._store.view, partition)
        return Hold(stored, passes_over(self._view))

    def _start(self, partition: int, token: str, before: Status) -> Status:
        """Readers are told to wait until the log's end of now is reached."""
        status = before._replace(rebuild_until=self._store.ends()[partition])
        try:
            self._store.writer.start(self._store.view, partition, token, status)
        except Wiped as error:
            raise Transient(f"emptied again while it was claimed: {error}") from error
        self._log.info("building", partition=partition, until=status.rebuild_until)
        return status

    def revoked(self, partition: int) -> None:
        """What was sent is written before somebody else takes over, if the store answers."""
        held = self._held.get(partition)
        if held is not None:
            with suppress(BackboneError):
                self._hear(partition, held)
        self.lost(partition)

    def lost(self, partition: int) -> None:
        held = self._held.pop(partition, None)
        if held is not None and held.writing is not None:
            held.writing.abandon()
        for gauge in (metrics.VIEW_APPLIED, metrics.VIEW_CURRENT, metrics.VIEW_HELD):
            with suppress(KeyError):  # a frozen gauge would alarm for what is another's now
                gauge.remove(self.name, str(partition))

    def may_stop(self, partition: int) -> bool:
        """False while the partition is built from the log: see `middleware/dead_letters.py`."""
        return not self._held[partition].reached.rebuilding

    # working a batch out

    def step(self, batch: RecordBatch) -> Outcomes:
        return self._step(batch, again=False)

    def _step(self, batch: RecordBatch, *, again: bool) -> Outcomes:
        held = self._held[batch.partition]
        writer, view = self._store.writer, self._store.view
        stored = Stored(writer, view, batch.partition, held.coming, held.versions, held.hold)
        outcomes = Outcomes(len(batch))
        parts = None
        if self._latest is not None:
            parts = self._latest.work(batch, held.reached, stored, outcomes, again=again)
        if parts is None:
            held.worked_out = self._folding.begin(
                batch, held.reached, stored, outcomes, again=again
            )
        else:
            held.worked_out = partial(list, parts)
        if again:
            tell_already_applied(batch, held.worked_out, stored, outcomes)
        if outcomes.poisons:  # whoever was overtaken learns it before dead letters are written
            self._guarded_hear(batch.partition, held)
        return outcomes

    # trying again what was passed: see `backbone.replay.retries.Owner`

    def retry_below(self, partition: int) -> tuple[str, int] | None:
        """What stands behind that is the log's own to bring: a fold may not skip facts."""
        held = self._held.get(partition)
        if held is None or held.wiped or held.reached.rebuilding:
            return None
        return held.reached.topic_id, held.reached.offset

    def with_held(self, batch: RecordBatch) -> RecordBatch:
        hold = self._held[batch.partition].hold
        return batch if hold is None else hold.joined(batch)

    def retry(self, batch: RecordBatch) -> Outcomes:
        return self._step(batch, again=True)

    def commit_retry(self, batch: RecordBatch) -> int | None:
        held = self._held[batch.partition]
        held.retrying = True
        return self._send_worked_out(batch.partition, held)

    def settle(self, partition: int) -> int | None:
        held = self._held[partition]
        again = self._guarded(partition, held, self._settle)
        held.retrying = False
        return again

    def _settle(self, partition: int, held: Claimed) -> None:
        """Sends again what was sent in vain, called again after a Transient, and what an end left.
        Only then are other partitions waited for; else they write while outcomes are told."""
        self._hear(partition, held)
        if held.coming:
            self._send(partition, held)
            self._hear(partition, held)

    # making it durable

    def commit(self, batch: RecordBatch) -> int | None:
        return self._send_worked_out(batch.partition, self._held[batch.partition])

    def idle(self, end: End) -> int | None:
        held = self._held[end.partition]
        before = held.reached
        after = before._replace(
            # the tail of a log may be control records, which are never delivered
            offset=max(before.offset, end.offset),
            current_until_ms=max(before.current_until_ms, end.seen_ms),
        )
        if after != before or not held.coming:  # asked again after a Transient, one is enough
            held.worked_out = partial(list, [Part(before.offset, {}, after)])
        if any(each.retrying and each.writing for each in self._held.values()):
            return self._guarded(end.partition, held, self._send_beside)
        restarted = self._store.writer.run_id() != held.run_id
        # also then the write comes first: another claim must fence us, not be claimed over
        again = self._send_worked_out(end.partition, held)
        if again is None:
            again = self._guarded(end.partition, held, self._hear)
        return self._heal(end.partition, held) if restarted and again is None else again

    def _send_worked_out(self, partition: int, held: Claimed) -> int | None:
        """Called again after a Transient."""
        worked_out = held.take_worked_out()
        for part in worked_out if self._latest else ():
            held.versions.learn({key: version_of(each) for key, each in part.entries.items()})
        if held.hold is not None:
            for part in worked_out:
                held.hold.learn(part.held)
            metrics.VIEW_HELD.labels(self.name, str(partition)).set(len(held.hold))
        return self._guarded(partition, held, self._send)

    def _guarded(
        self, partition: int, held: Claimed, act: Callable[[int, Claimed], None]
    ) -> int | None:
        """Once the store was found wiped nothing is written before the partition is claimed anew,
        for a claim of ours that got no answer would fence us."""
        try:
            if not held.wiped:
                act(partition, held)
        except Wiped:
            held.wiped = True
        return self._heal(partition, held) if held.wiped else None

    def _send(self, partition: int, held: Claimed) -> None:
        self._hear_others(partition)
        self._hear(partition, held)
        held.send(self._store.writer, self._store.view, partition)

    def _send_beside(self, partition: int, held: Claimed) -> None:
        """While the store writes many retries nobody waits for it to say that an end is reached:
        neither for its answer nor for others on their way, unless these are many connections."""
        if sum(each.writing is not None for each in self._held.values()) >= _MOST_BESIDE:
            self._hear_others(partition)
        if not held.retrying:  # mostly an earlier end, answered long ago
            self._hear(partition, held)
        held.take_worked_out()
        held.send(self._store.writer, self._store.view, partition)

    def _hear_others(self, partition: int) -> None:
        """One partition's parts are on their way at a time: they hold a connection and memory.
        What went wrong with another's is seen to by its own next commit or idle."""
        for other in [each for each in self._held if each != partition]:
            with suppress(Transient):  # its parts are among `coming` still
                self._guarded_hear(other, self._held[other])

    def _guarded_hear(self, partition: int, held: Claimed) -> None:
        try:
            self._hear(partition, held)
        except Wiped:
            held.wiped = True

    def _hear(self, partition: int, held: Claimed) -> None:
        """Wait for the answers to what was sent; what was not written stays among `coming`."""
        writing, held.writing = held.writing, None
        if writing is None:
            return
        try:
            writing.finish()
        finally:
            self._acknowledged(partition, held, writing.written)

    def _acknowledged(self, partition: int, held: Claimed, count: int) -> None:
        if not count:
            return
        held.status = held.coming[count - 1].status
        del held.coming[:count]
        labels = (self.name, str(partition))
        metrics.VIEW_APPLIED.labels(*labels).set(held.status.as_of_ms / 1000)
        metrics.VIEW_CURRENT.labels(*labels).set(held.status.current_until_ms / 1000)

    def _heal(self, partition: int, held: Claimed) -> int:
        held.wiped = True
        self._log.warning("the store was emptied or replaced: healing", partition=partition)
        # what readers were shown already, or were to wait for
        known = max(held.status.offset, held.status.rebuild_until)
        return self._claim(partition, held.status.topic_id, known)
