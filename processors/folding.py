"""Folding: from a batch of records to what changes in a view. Pure; the projector writes it.

Row by row, with any engine behind the decoder. Nothing here knows a store, a claim or a clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from backbone.documents import render
from backbone.envelope import from_headers
from backbone.errors import Poison, PoisonReason
from backbone.fact import Fact
from backbone.partitioner import partition_of
from backbone.record import Outcome, Outcomes, RecordBatch
from backbone.views.store import Entry, Part, Status
from processors.view import View

MAX_KEYS = 1_000
"""Distinct keys of one atomic write: a script that takes longer holds everybody up."""

Change = tuple[int, str, Entry | None]
"""The index of the record that made it, the key, and the entry afterwards (None: removed)."""


class Decoder(Protocol):
    """The codec, as far as a projector needs it."""

    def decode(self, value: bytes | None, topic: str) -> tuple[str, dict[str, Any]]: ...

    def order_version(self, type_name: str, data: Mapping[str, Any], offset: int) -> int: ...


class Folding:
    """One view's fold over batches of its topic, which has `partitions` partitions."""

    def __init__(self, view: View, decoder: Decoder, partitions: int) -> None:
        self._view = view
        self._decoder = decoder
        self._partitions = partitions

    def facts(
        self, batch: RecordBatch, start: int, outcomes: Outcomes
    ) -> Iterator[tuple[int, Fact]]:
        """The facts at or behind offset `start` that the view reads, with their indexes; what
        became of the other records is said in `outcomes`. Raises Transient."""
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
            key=self._key(batch, index),
            data=data,
            envelope=from_headers(batch.headers[index], published_at),
            position=batch.position(index),
            order_version=self._decoder.order_version(type_name, data, batch.offsets[index]),
            published_at=published_at,
        )

    def _key(self, batch: RecordBatch, index: int) -> str:
        """Keys map to partitions by murmur2 alone, or nobody would find their entries again."""
        key = _text(batch.keys[index])
        belongs = partition_of(key.encode(), self._partitions)
        if belongs != batch.partition:
            raise Poison(
                PoisonReason.BAD_KEY,
                f"the record stands in partition {batch.partition} and its key belongs to "
                f"{belongs}: its producer must partition by murmur2, as Kafka's Java client does",
            )
        return key

    def apply(
        self,
        facts: Sequence[tuple[int, Fact]],
        entries: dict[str, Entry | None],
        outcomes: Outcomes,
    ) -> list[Change]:
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
                outcomes.poison(index, _failed(self._view.name, error))
                continue
            changes.append((index, fact.key, entries[fact.key]))
        return changes


def cut(batch: RecordBatch, status: Status, changes: Sequence[Change]) -> list[Part]:
    """Cut a batch by offset into parts: each holds whole records and ends where the next begins."""
    parts: list[Part] = []
    entries: dict[str, Entry | None] = {}
    for index, key, entry in changes:
        if len(entries) == MAX_KEYS and key not in entries:
            status = _add(parts, status, entries, batch, index - 1)
            entries = {}
        entries[key] = entry
    _add(parts, status, entries, batch, len(batch) - 1)
    return parts


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
