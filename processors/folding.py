"""Folding: from a batch of records to what changes in a view. Pure; the projector writes it.

Fact by fact, decoded at once where that is quicker. Nothing here knows a store, a claim or a clock.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Protocol

import orjson

from backbone.codec.engine import ColumnBatch
from backbone.codec.entry_columns import Origins, entries
from backbone.codec.framing import names_schema
from backbone.documents import encode
from backbone.errors import Poison, PoisonReason
from backbone.record import Headers, Outcome, Outcomes, RecordBatch
from backbone.views.part import MAX_KEYS
from backbone.views.store import AnyEntry, EncodedEntry, Entry, Part, Status, Version
from processors.record_fact import RecordFact
from processors.record_key import text_key
from processors.stored import Stored
from processors.view import Document, View

FEW: Final = 100
"""Below so many records they are decoded faster one by one."""
_MAX_BYTES: Final = 8 * 1024 * 1024  # of the documents of one part, give or take one
_SLICE: Final = 5_000  # records whose facts are in memory at the same time


class _Change(NamedTuple):
    """What the record at `place` made of a key: a document as JSON (None: removed)."""

    place: int
    key: str
    version: Version
    document: bytes | None


class _State(NamedTuple):
    """What a key holds before the next fact: as stored, or as the last fact left it."""

    version: Version
    value: Document | None
    text: bytes | None = None

    @property
    def document(self) -> Document | None:
        return self.value if self.text is None else orjson.loads(self.text)


class Decoder(Protocol):
    """The codec, as far as it is needed here."""

    def decode_batch(self, batch: RecordBatch, places: range) -> ColumnBatch | None: ...

    def decode(
        self, value: bytes | None, topic: str, headers: Headers = ()
    ) -> tuple[str, dict[str, Any]]: ...

    def order_version(self, type_name: str, data: Mapping[str, Any], offset: int) -> int: ...


class Folding:
    """One view's fold over batches of its topic, which has `partitions` partitions."""

    def __init__(self, view: View, decoder: Decoder, partitions: int) -> None:
        self._view = view
        self._decoder = decoder
        self._partitions = partitions

    def work(
        self, batch: RecordBatch, status: Status, stored: Stored, outcomes: Outcomes
    ) -> list[Part]:
        """What changes in a view that stands at `status`; what became of each record is said in
        `outcomes`. Changes nothing itself, so that it may be called again. Raises Transient."""
        first = bisect_left(batch.offsets, status.offset)
        for place in range(first):
            outcomes.set(place, Outcome.SUPERSEDED)
        return _parts(batch, status, self._changes(batch, first, stored, outcomes))

    def _changes(
        self, batch: RecordBatch, first: int, stored: Stored, outcomes: Outcomes
    ) -> Iterator[_Change]:
        """One by one: only the last change of a key may stay in memory."""
        states: dict[str, _State | None] = {}
        for start in range(first, len(batch), _SLICE):
            places = range(start, min(start + _SLICE, len(batch)))
            facts = list(self._facts(batch, places, outcomes))
            _learn(states, stored, [fact.key for _, fact in facts])
            yield from self._apply(facts, batch, states, outcomes)

    def _facts(
        self, batch: RecordBatch, places: range, outcomes: Outcomes
    ) -> Iterator[tuple[int, RecordFact]]:
        """The facts that the view reads, with their places."""
        for index, type_name, data in self._decoded(batch, places, outcomes):
            if type_name not in self._view.reads:
                continue
            try:
                key = text_key(batch.keys[index], batch.partition, self._partitions)
            except Poison as poison:
                outcomes.poison(index, poison)
                continue
            version = self._decoder.order_version(type_name, data, batch.offsets[index])
            yield index, RecordFact(type_name, data, key, version, batch, index)

    def _decoded(
        self, batch: RecordBatch, places: range, outcomes: Outcomes
    ) -> Iterator[tuple[int, str, dict[str, Any]]]:
        at_once = self._decoder.decode_batch(batch, places) if len(places) >= FEW else None
        if at_once is None:
            yield from self._decoded_alone(batch, places, outcomes)
            return
        for index, poison in at_once.poisons.items():
            outcomes.poison(index, poison)
        rows = [
            (index, type_name, data)
            for type_name, columns in at_once.facts.items()
            for index, data in columns.rows()
        ]
        yield from sorted(rows, key=lambda row: row[0])

    def _decoded_alone(
        self, batch: RecordBatch, places: range, outcomes: Outcomes
    ) -> Iterator[tuple[int, str, dict[str, Any]]]:
        for index in places:
            try:
                type_name, data = self._decode(batch, index)
            except Poison as poison:
                outcomes.poison(index, poison)
                continue
            yield index, type_name, data

    def _decode(self, batch: RecordBatch, index: int) -> tuple[str, dict[str, Any]]:
        """Headers are looked at where the value alone does not say what it is: they cost."""
        value = batch.values[index]
        try:
            return self._decoder.decode(value, batch.topic)
        except Poison:
            headers = batch.headers[index]
            if not names_schema(headers):
                raise
        return self._decoder.decode(value, batch.topic, headers)

    def _apply(
        self,
        facts: Sequence[tuple[int, RecordFact]],
        batch: RecordBatch,
        states: dict[str, _State | None],
        outcomes: Outcomes,
    ) -> Iterator[_Change]:
        """Fold fact by fact; `states` are brought forward."""
        for index, fact in facts:
            before = states[fact.key]
            # equal order versions are told apart by the log: the later statement counts
            version = fact.order_version, batch.offsets[index]
            if before is not None and version <= before.version:
                outcomes.set(index, Outcome.SUPERSEDED)
                continue
            try:
                value = self._view.apply(None if before is None else before.document, fact)
                text = None if value is None else encode(value)
            except Exception as error:  # noqa: BLE001 - whatever a fold raises, its fact is poison
                outcomes.poison(index, _failed(self._view.name, error))
                continue
            states[fact.key] = None if text is None else _State(version, None, text)
            yield _Change(index, fact.key, version, text)


def _learn(states: dict[str, _State | None], stored: Stored, keys: Sequence[str]) -> None:
    found = stored.entries([key for key in keys if key not in states])
    for key, entry in found.items():
        states[key] = _state(entry)


def _state(entry: Entry | None) -> _State | None:
    return None if entry is None else _State((entry.order_version, entry.offset), entry.value)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The last change of each key before place `end`."""

    end: int
    last: Mapping[str, _Change]


def _parts(batch: RecordBatch, status: Status, changes: Iterable[_Change]) -> list[Part]:
    """Cut a batch by offset into parts: each holds whole records and ends where the next begins."""
    stretches = list(_stretches(changes, len(batch)))
    rows = [each for stretch in stretches for each in stretch.last.values() if each.document]
    written = iter(_entries(batch, rows))
    parts: list[Part] = []
    for stretch in stretches:
        changed = {
            key: EncodedEntry(each.version, next(written)) if each.document else None
            for key, each in stretch.last.items()
        }
        parts.append(part_until(batch, stretch.end, status, changed))
        status = parts[-1].status
    return parts


def _stretches(changes: Iterable[_Change], end: int) -> Iterator[_Stretch]:
    last: dict[str, _Change] = {}
    size = 0
    for change in changes:
        if size > _MAX_BYTES or (len(last) == MAX_KEYS and change.key not in last):
            yield _Stretch(change.place, last)
            last, size = {}, 0
        replaced = last.get(change.key)
        size += _size(change) - (_size(replaced) if replaced else 0)
        last[change.key] = change
    yield _Stretch(end, last)


def _size(change: _Change) -> int:
    return len(change.document or b"")


def _entries(batch: RecordBatch, rows: Sequence[_Change]) -> list[bytes]:
    origins = Origins(
        order_versions=[each.version[0] for each in rows],
        offsets=[each.version[1] for each in rows],
        published_ms=[batch.timestamps_ms[each.place] for each in rows],
        headers=[batch.headers[each.place] for each in rows],
    )
    return entries(origins, [each.document or b"" for each in rows])


def part_until(
    batch: RecordBatch,
    end: int,
    before: Status,
    entries: Mapping[str, AnyEntry | None],
    known: Collection[str] = frozenset(),
) -> Part:
    """The part of a batch up to its place `end`, for a view that stands at `before`."""
    published_ms = batch.timestamps_ms[end - 1]
    after = replace(
        before,
        offset=max(before.offset, batch.offsets[end - 1] + 1),
        as_of_ms=max(before.as_of_ms, published_ms) if entries else before.as_of_ms,
        current_until_ms=max(before.current_until_ms, published_ms),
    )
    return Part(before.offset, entries, after, known)


def _failed(view: str, error: Exception) -> Poison:
    """The class only: what an exception says may quote the fact."""
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    line = f" at line {where.tb_lineno}" if where is not None else ""
    return Poison(PoisonReason.HANDLER_FAILED, f"{view} raised {type(error).__name__}{line}")
