"""Views at length: every entry against the fold of the log up to where the view stands.

Memory: the entries of one partition at a time, and about 150 bytes for each key of the view.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from backbone.errors import Poison
from backbone.fact import Fact
from backbone.ledger.line import Line, Wrong
from backbone.record import Record
from backbone.recorded_fact import Decoder, fact_of
from backbone.views.encoding import encode_entry
from backbone.views.layout import partition_for
from backbone.views.store import Answer, Entry, ViewId

CONTENT: Final = "topic = view entries"
AT_ONCE: Final = 10_000
"""Suspects that are looked at again in one more pass over the log: the view may have moved on."""

After = Callable[[Entry | None, Fact], Entry | None]
"""The view's fold by one more fact."""


@dataclass(slots=True)
class Refolded:
    """The log folded up to an offset in each partition: a digest of each key's entry."""

    until: Mapping[int, int]
    digests: dict[str, bytes] = field(default_factory=dict)


class Refold:
    """Folds the records of a topic with the view's own fold."""

    def __init__(self, view: ViewId, decoder: Decoder, after: After) -> None:
        self._view = view
        self._decoder = decoder
        self._after = after

    def all(self, records: Iterable[Record], until: Mapping[int, int]) -> Refolded:
        """`records` come partition by partition; what stands behind `until` is left out."""
        found = Refolded(until)
        entries: dict[str, Entry | None] = {}
        partition = -1
        for record in records:
            if record.position.partition != partition:
                _close(entries, found)
                partition = record.position.partition
            if record.position.offset < until.get(partition, 0):
                self._fold(entries, record)
        _close(entries, found)
        return found

    def some(
        self,
        records: Iterable[Record],
        until: Mapping[str, int],
        dead: Mapping[int, frozenset[int]],
    ) -> tuple[Mapping[str, Entry | None], Mapping[str, Entry | None]]:
        """The entries of a few keys, each up to an offset of its own; and the same without the
        facts that the view has put to its dead letters."""
        whole: dict[str, Entry | None] = {}
        without: dict[str, Entry | None] = {}
        for record in records:
            position = record.position
            key = (record.key or b"").decode(errors="replace")
            if position.offset >= until.get(key, 0):
                continue
            self._fold(whole, record)
            if position.offset not in dead.get(position.partition, ()):
                self._fold(without, record)
        return whole, without

    def _fold(self, entries: dict[str, Entry | None], record: Record) -> None:
        try:
            fact = fact_of(record, self._decoder, self._view.partitions)
        except Poison:
            return
        entries[fact.key] = self._after(entries.get(fact.key), fact)


def _close(entries: dict[str, Entry | None], found: Refolded) -> None:
    found.digests.update(
        {key: _digest(entry) for key, entry in entries.items() if entry is not None}
    )
    entries.clear()


def _digest(entry: Entry) -> bytes:
    return blake2b(encode_entry(entry), digest_size=16).digest()


def suspects(folded: Refolded, stored: Iterable[tuple[str, Entry]]) -> list[str]:
    """Keys whose entry is not what the log made of them, or was not a moment ago. Empties
    `folded`, so that it is not held twice."""
    left, found = folded.digests, []
    for key, entry in stored:
        if left.pop(key, b"") != _digest(entry):
            found.append(key)
    return [*found, *left]


@dataclass(slots=True)
class Judged:
    """What is wrong with the entries of a view. `secret`: keys are personal and not to be told."""

    view: ViewId
    topic: str
    secret: bool
    wrong: Wrong = field(default_factory=Wrong)

    def compare(
        self, answers: Mapping[str, Answer], folds: Sequence[Mapping[str, Entry | None]]
    ) -> None:
        """`answers`: what the store says of some suspects now. `folds`: what the log makes of
        them, with and without the dead letters."""
        for key, answer in answers.items():
            told = [fold.get(key) for fold in folds]
            if answer.entry not in told:
                self._add(self.wrong, key, answer, told[0])

    def line(self, entries: int) -> Line:
        """Once every suspect was compared. `entries`: how many the view has."""
        wrong = self.wrong
        equal = entries - wrong.altered.count - wrong.unknown.count
        expected = entries - wrong.unknown.count + wrong.missing.count
        return Line(CONTENT, self.view.name, self.topic, expected, {"equal": equal}, wrong)

    def _add(self, wrong: Wrong, key: str, answer: Answer, told: Entry | None) -> None:
        stands = told or answer.entry
        place = f"{self.topic}/{partition_for(self.view, key)}/{stands.offset if stands else '?'}"
        position = place if self.secret else f"{key} ({place})"
        if answer.entry is None:
            wrong.missing.add(position)
        elif told is None:
            wrong.unknown.add(position)
        else:
            wrong.altered.add(position)
