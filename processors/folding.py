"""Folding: from a batch of records to what changes in a view. Pure; the projector writes it.

Fact by fact, decoded at once where that is quicker. Nothing here knows a store, a claim or a clock.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Final, NamedTuple

import orjson

from backbone.codec.entry_columns import Origins, begin_entries
from backbone.documents import encode
from backbone.errors import Poison, PoisonReason
from backbone.header_columns import chosen_headers
from backbone.record import Outcome, Outcomes, RecordBatch
from backbone.views.part import MAX_KEYS
from backbone.views.store import AnyEntry, EncodedEntry, Entry, Part, Status, Version
from processors.batch_facts import BatchFacts, Decoder
from processors.holding import Holding
from processors.record_fact import RecordFact
from processors.stored import Stored
from processors.view import Document, View

_MAX_BYTES: Final = 8 * 1024 * 1024  # of the documents of one part, give or take one


class _Change(NamedTuple):
    """What the record at `place` made of a key: a document as JSON (None: removed)."""

    place: int
    key: str
    version: Version
    document: bytes | None

    def state(self) -> Document | None:
        return None if self.document is None else orjson.loads(self.document)


class _Stored(NamedTuple):
    """What the store holds of a key."""

    version: Version
    value: Document

    def state(self) -> Document:
        return self.value


PartsComing = Callable[[], list[Part]]
"""The parts of a batch that was folded. Their entries are written beside whatever else is done
before they are asked for; asked again it gives the same."""

_State = _Change | _Stored
"""What a key holds before the next fact: as stored, or as the last fact left it."""


class Folding:
    """One view's fold over batches of its topic, which has `partitions` partitions."""

    def __init__(self, view: View, decoder: Decoder, partitions: int) -> None:
        self._view = view
        self._ahead = ThreadPoolExecutor(1, "columns")
        self._facts = BatchFacts(view, decoder, partitions, self._ahead)

    def begin(
        self,
        batch: RecordBatch,
        status: Status,
        stored: Stored,
        outcomes: Outcomes,
        *,
        again: bool = False,
    ) -> PartsComing:
        """What changes in a view that stands at `status`; what became of each record is said in
        `outcomes`. Changes nothing itself, so that it may be called again. `again`: what the view
        has passed is tried once more. Raises Transient, and Fatal
        where a strict view can hold no more."""
        first = 0 if again else bisect_left(batch.offsets, status.offset)
        for place in range(first):
            outcomes.set(place, Outcome.SUPERSEDED)
        holding = None
        if stored.hold is not None:
            holding = Holding(stored.hold, batch, first, outcomes)
        changes = self._changes(batch, first, stored, outcomes, holding)
        begun = [
            (each, _begin_entries(batch, each, self._ahead))
            for each in _stretches(changes, len(batch))
        ]

        @cache
        def parts() -> list[Part]:
            found = _parts(batch, status, begun)
            return found if holding is None else holding.beside(found, again=again)

        return parts

    def _changes(
        self,
        batch: RecordBatch,
        first: int,
        stored: Stored,
        outcomes: Outcomes,
        holding: Holding | None = None,
    ) -> Iterator[_Change]:
        """One by one: only the last change of a key may stay in memory."""
        states: dict[str, _State | None] = {}
        for some in self._facts.slices(batch, first, outcomes):
            coming = stored.begin_entries([key for key in some.keys if key not in states])
            try:
                facts = some.facts()
            except BaseException:
                coming.abandon()
                raise
            states.update((key, _state(entry)) for key, entry in coming.finish().items())
            fold = partial(self._apply, offsets=batch.offsets, states=states, outcomes=outcomes)
            yield from fold(facts) if holding is None else holding.apply(facts, fold)
        if holding is not None:
            holding.pass_to(len(batch))

    def _apply(
        self,
        facts: Iterable[RecordFact],
        offsets: Sequence[int],
        states: dict[str, _State | None],
        outcomes: Outcomes,
    ) -> Iterator[_Change]:
        """Fold fact by fact; `states` are brought forward."""
        for fact in facts:
            key, place = fact.key, fact.place
            before = states[key]
            # equal order versions are told apart by the log: the later statement counts
            version = fact.order_version, offsets[place]
            if before is not None and version <= before.version:
                outcomes.set(place, Outcome.SUPERSEDED)
                continue
            try:
                value = self._view.apply(None if before is None else before.state(), fact)
                text = None if value is None else encode(value)
            except Exception as error:  # noqa: BLE001 - whatever a fold raises, its fact is poison
                outcomes.poison(place, _failed(self._view.name, error))
                continue
            change = _Change(place, key, version, text)
            states[key] = None if text is None else change
            yield change


def _state(entry: Entry | None) -> _State | None:
    return None if entry is None else _Stored((entry.order_version, entry.offset), entry.value)


EntriesComing = Callable[[], list[bytes]]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The last change of each key before place `end`."""

    end: int
    last: Mapping[str, _Change]


def _parts(
    batch: RecordBatch, status: Status, begun: Sequence[tuple[_Stretch, EntriesComing]]
) -> list[Part]:
    """A batch cut by offset: each part holds whole records and ends where the next begins."""
    parts: list[Part] = []
    for stretch, entries in begun:
        written = iter(entries())
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
        replaced = last.get(change.key)
        if size > _MAX_BYTES or (replaced is None and len(last) == MAX_KEYS):
            yield _Stretch(change.place, last)
            last, size, replaced = {}, 0, None
        if change.document is not None:
            size += len(change.document)
        if replaced is not None and replaced.document is not None:
            size -= len(replaced.document)
        last[change.key] = change
    yield _Stretch(end, last)


def _begin_entries(batch: RecordBatch, stretch: _Stretch, ahead: Executor) -> EntriesComing:
    """While the next stretch is folded."""
    rows = [each for each in stretch.last.values() if each.document]
    origins = Origins(
        order_versions=[each.version[0] for each in rows],
        offsets=[each.version[1] for each in rows],
        published_ms=[batch.timestamps_ms[each.place] for each in rows],
        headers=chosen_headers(batch.headers, [each.place for each in rows]),
    )
    return begin_entries(origins, [each.document or b"" for each in rows], ahead)


def part_until(
    batch: RecordBatch,
    end: int,
    before: Status,
    entries: Mapping[str, AnyEntry | None],
    known: Collection[str] = frozenset(),
) -> Part:
    """The part of a batch up to its place `end`, for a view that stands at `before`."""
    published_ms = batch.timestamps_ms[end - 1]
    after = before._replace(
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
