"""The Projector: keeps one view current in its store. The one writer of a view partition.

`assigned` claims the partition in the store and starts at the offset beside the state, not at the
group's. `step` works a batch out against the stored entries and stages it, cut by offset into
parts of at most 1,000 distinct keys. `commit` writes the parts: each is atomic, fenced by the
claim, and moves the offset. A store that was emptied or replaced by an older copy is noticed at
the next write or heartbeat, claimed again and healed from the log.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from backbone import metrics
from backbone.contracts.catalog import Contracts
from backbone.documents import render
from backbone.envelope import from_headers
from backbone.errors import Fatal, Poison, PoisonReason, Transient
from backbone.fact import Fact
from backbone.log import BEGINNING, End
from backbone.logs import logger
from backbone.record import Outcome, Outcomes, RecordBatch
from backbone.views.store import Entry, Part, Status, ViewId, ViewWriter, Wiped
from processors.view import View

MAX_KEYS = 1_000


class Decoder(Protocol):
    """The codec, as far as a projector needs it."""

    def decode(self, value: bytes | None, topic: str) -> tuple[str, dict[str, Any]]: ...

    def order_version(self, type_name: str, data: Mapping[str, Any], offset: int) -> int: ...


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
        self._decoder = decoder
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

    def lost(self, partition: int) -> None:
        self._held.pop(partition, None)

    # working a batch out

    def step(self, batch: RecordBatch) -> Outcomes:
        held = self._held[batch.partition]
        outcomes = Outcomes(len(batch))
        facts = list(self._facts(batch, held.status.offset, outcomes))
        entries = self._stored(batch.partition, [fact.key for _, fact in facts])
        held.staged = self._stage(batch, held.status, self._apply(facts, entries, outcomes))
        return outcomes

    def _facts(
        self, batch: RecordBatch, start: int, outcomes: Outcomes
    ) -> Iterator[tuple[int, Fact]]:
        for index, offset in enumerate(batch.offsets):
            if offset < start:
                outcomes.set(index, Outcome.SUPERSEDED)
                continue
            try:
                fact = self._fact(batch, index)
            except Poison as poison:
                outcomes.poison(index, poison)
                continue
            if fact is not None:
                yield index, fact

    def _fact(self, batch: RecordBatch, index: int) -> Fact | None:
        type_name, data = self._decoder.decode(batch.values[index], batch.topic)
        if type_name not in self._view.reads:
            return None
        published_at = datetime.fromtimestamp(batch.timestamps_ms[index] / 1000, UTC)
        return Fact(
            type=type_name,
            key=_text(batch.keys[index]),
            data=data,
            envelope=from_headers(batch.headers[index], published_at),
            position=batch.position(index),
            order_version=self._decoder.order_version(type_name, data, batch.offsets[index]),
            published_at=published_at,
        )

    def _stored(self, partition: int, keys: Sequence[str]) -> dict[str, Entry | None]:
        wanted = list(dict.fromkeys(keys))
        found: dict[str, Entry | None] = {}
        for start in range(0, len(wanted), MAX_KEYS):
            some = wanted[start : start + MAX_KEYS]
            found.update(
                zip(some, self._store.writer.read(self._store.view, partition, some), strict=True)
            )
        return found

    def _apply(
        self,
        facts: Sequence[tuple[int, Fact]],
        entries: dict[str, Entry | None],
        outcomes: Outcomes,
    ) -> list[tuple[int, str, Entry | None]]:
        """Fold fact by fact; what changed, with the index of the record that changed it."""
        changes = []
        for index, fact in facts:
            before = entries[fact.key]
            if before is not None and _version(fact) <= (before.order_version, before.offset):
                outcomes.set(index, Outcome.SUPERSEDED)
                continue
            try:
                value = self._view.apply(None if before is None else before.value, fact)
                entries[fact.key] = None if value is None else _entry(render(value), fact)
            except Exception as error:  # noqa: BLE001 - whatever a fold raises, its fact is poison
                outcomes.poison(index, _failed(self.name, error))
                continue
            changes.append((index, fact.key, entries[fact.key]))
        return changes

    def _stage(
        self, batch: RecordBatch, status: Status, changes: Sequence[tuple[int, str, Entry | None]]
    ) -> list[Part]:
        """Cut by offset: a part holds whole records, and ends where the next one begins."""
        parts: list[Part] = []
        entries: dict[str, Entry | None] = {}
        for index, key, entry in changes:
            if len(entries) == MAX_KEYS and key not in entries:
                status = self._add(parts, status, entries, batch, index - 1)
                entries = {}
            entries[key] = entry
        self._add(parts, status, entries, batch, len(batch) - 1)
        return parts

    @staticmethod
    def _add(
        parts: list[Part],
        before: Status,
        entries: Mapping[str, Entry | None],
        batch: RecordBatch,
        last: int,
    ) -> Status:
        published_ms = batch.timestamps_ms[last]
        after = replace(
            before,
            offset=max(before.offset, batch.offsets[last] + 1),
            as_of_ms=max(before.as_of_ms, published_ms) if entries else before.as_of_ms,
            current_until_ms=max(before.current_until_ms, published_ms),
        )
        parts.append(Part(before.offset, entries, after))
        return after

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


def _version(fact: Fact) -> tuple[int, int]:
    """Equal order versions are told apart by the log: the later statement counts."""
    return fact.order_version, fact.position.offset if fact.position else 0


def _entry(value: Mapping[str, Any], fact: Fact) -> Entry:
    envelope = fact.envelope
    published_at = fact.published_at or envelope.time
    return Entry(
        value=value,
        order_version=fact.order_version,
        offset=fact.position.offset if fact.position else 0,
        event_id=envelope.id,
        source=envelope.source,
        sequence=envelope.sequence,
        published_ms=int(published_at.timestamp() * 1000),
        occurred_ms=int(envelope.time.timestamp() * 1000),
    )


def _text(key: bytes | None) -> str:
    if not key:
        raise Poison(PoisonReason.BAD_KEY, "the record has no key")
    try:
        return key.decode()
    except UnicodeDecodeError as error:
        raise Poison(PoisonReason.BAD_KEY, "the key is not UTF-8") from error


def _failed(view: str, error: Exception) -> Poison:
    """The class only: what an exception says may quote the fact."""
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    line = f" at line {where.tb_lineno}" if where is not None else ""
    return Poison(PoisonReason.HANDLER_FAILED, f"{view} raised {type(error).__name__}{line}")
