"""Holding: a strict fold goes on without the keys of which a fact is a dead letter.

Around `processors/folding.py`, record by record in the order of the log: what stands behind a dead
letter of its key is not applied but held (`processors/hold.py`), and what was held is applied once
everything before it is. Only strict views come here.
"""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from backbone.errors import Fatal, Poison, PoisonReason
from backbone.record import Outcome, Outcomes, RecordBatch
from backbone.views.store import Part
from processors.hold import MAX_BYTES, MAX_OF_KEY, MAX_WAITING, Hold, Waiting, encode
from processors.record_fact import RecordFact

T = TypeVar("T")


class Holding:
    """What one batch, from its place `first` on, changes of `hold`. Used once."""

    def __init__(self, hold: Hold, batch: RecordBatch, first: int, outcomes: Outcomes) -> None:
        self._hold = hold
        self._batch = batch
        self._outcomes = outcomes
        self._next = first
        self._changes: dict[int, bytes | None] = {}
        self._touched: dict[bytes | None, list[int]] = {}
        self._count = len(hold)
        self._size = hold.size

    def apply(
        self, facts: Iterable[RecordFact], fold: Callable[[Sequence[RecordFact]], Iterator[T]]
    ) -> Iterator[T]:
        """What `fold` makes of those facts that need not wait."""
        for fact in facts:
            self.pass_to(fact.place)
            if self._is_given_up(fact.place):
                self._outcomes.set(fact.place, Outcome.SUPERSEDED)
                self._judge(fact.place)
            elif self._waits(fact.place):
                self._keep(fact.place)
            else:
                yield from fold([fact])
                self._judge(fact.place)
            self._next = fact.place + 1

    def pass_to(self, end: int) -> None:
        """Records that are no facts: they are poison, or nothing that the view reads."""
        for place in range(self._next, end):
            if self._is_given_up(place):
                self._outcomes.poisons.pop(place, None)
                self._outcomes.set(place, Outcome.SUPERSEDED)
            self._judge(place)
        self._next = end

    def beside(self, parts: Sequence[Part], *, again: bool) -> list[Part]:
        """The parts with what changes of what is held: each beside the records it is about, so that
        neither is written without the other. Retries (`again`) move no offset: theirs are forgotten
        with the last part, for until then they are tried once more."""
        ends = [each.status.offset for each in parts]
        shares: list[dict[int, bytes | None]] = [{} for _ in parts]
        for offset, data in self._changes.items():
            shares[-1 if again else bisect_right(ends, offset)][offset] = data
        return [
            replace(part, held=share) if share else part
            for part, share in zip(parts, shares, strict=True)
        ]

    def _is_given_up(self, place: int) -> bool:
        given_up = self._hold.passes_over
        return bool(given_up) and str(self._batch.position(place)) in given_up

    def _waits(self, place: int) -> bool:
        offsets = self._offsets(self._batch.keys[place])
        return bool(offsets) and offsets[0] < self._batch.offsets[place]

    def _offsets(self, key: bytes | None) -> Sequence[int]:
        return self._touched[key] if key in self._touched else self._hold.offsets(key)

    def _judge(self, place: int) -> None:
        """What was applied, or is poison: does anything wait for it?"""
        key, offset = self._batch.keys[place], self._batch.offsets[place]
        poison = self._outcomes.poisons.get(place)
        if poison is None:
            if offset in self._offsets(key):
                self._forget(key, offset)
        elif key and poison.reason is not PoisonReason.BAD_KEY:
            self._put(Waiting(key, dead=True), offset)

    def _keep(self, place: int) -> None:
        """A fact that waits. What was held before stays as it is."""
        batch = self._batch
        key, offset = batch.keys[place] or b"", batch.offsets[place]
        self._outcomes.set(place, Outcome.HELD)
        if offset in self._offsets(key):
            return
        value, headers = batch.values[place], batch.headers[place]
        waiting = Waiting(key, False, value, headers, batch.timestamps_ms[place])
        if len(self._offsets(key)) >= MAX_OF_KEY or self._size + len(value or b"") > MAX_BYTES:
            self._outcomes.poison(place, _full())
            waiting = Waiting(key, dead=True)
        self._put(waiting, offset)

    def _put(self, waiting: Waiting, offset: int) -> None:
        data = encode(waiting)
        self._changes[offset] = data
        offsets = self._of_its_own(waiting.key)
        if offset in offsets:
            return
        insort(offsets, offset)
        self._count += 1
        self._size += len(data)
        if self._count > MAX_WAITING:
            raise Fatal(_too_many(self._batch.position(self._next)))

    def _forget(self, key: bytes | None, offset: int) -> None:
        self._changes[offset] = None
        self._of_its_own(key).remove(offset)
        self._count -= 1

    def _of_its_own(self, key: bytes | None) -> list[int]:
        """A copy, for the hold is not changed before the batch is committed."""
        if key not in self._touched:
            self._touched[key] = list(self._hold.offsets(key))
        return self._touched[key]


def _full() -> Poison:
    return Poison(
        PoisonReason.HOLD_FULL,
        f"an earlier fact of its key is a dead letter, and {MAX_OF_KEY} facts of a key or "
        f"{MAX_BYTES} bytes of a partition are held already: replay the earlier letter with it",
    )


def _too_many(where: object) -> str:
    return (
        f"{MAX_WAITING} dead letters and facts behind them wait in one partition and no more are "
        f"held: stopped at {where}. Nothing is lost and the position did not move. Find the cause "
        "with `backbone dlq causes`, mend it, then build the view again from its log with "
        "`backbone view rebuild`, which applies everything in order"
    )
