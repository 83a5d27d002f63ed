"""Sources at length: every row that is still in its source against its fact, by id and content.

Memory: about 500 bytes for each fact.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final

import orjson

from backbone.errors import Poison
from backbone.fact import Envelope, Fact
from backbone.instants import rfc3339
from backbone.ledger.line import Line, Wrong
from backbone.ledger.topic_scan import identity
from backbone.record import Record
from backbone.recorded_fact import Decoder, fact_of
from backbone.source import Cursor
from backbone.source_lookup import NoRow, SourceLookup

ROWS: Final = "source row = fact"
REJECTS: Final = "source row = dead letter"
MOST_ASKED: Final = 10_000
"""Facts without a row up to the cursor that are asked for one by one."""


@dataclass(slots=True)
class _Told:
    """A fact as it stands in the topic."""

    digest: bytes
    position: str
    envelope: Envelope
    times: int = 1


@dataclass(slots=True)
class _Seen:
    """Facts that are well although no row up to the cursor makes them."""

    asked: int = 0
    put_away: int = 0
    newer: int = 0
    mended: int = 0

    def remarks(self) -> tuple[str, ...]:
        told = (
            (self.put_away, "facts of rows that were put away: nothing to compare with"),
            (self.newer, "facts of rows behind the cursor"),
            (self.mended, "facts of refused rows that were mended"),
        )
        return tuple(f"{count} {what}" for count, what in told if count)


class SourceRows:
    """One source and one topic: `take` every record of the topic, then `lines`.

    `types` are the facts of the topic. `whole`: the interval reaches back to the beginning; else
    it is not said that rows lack.
    """

    def __init__(
        self,
        name: str,
        lookup: SourceLookup,
        decoder: Decoder,
        types: AbstractSet[str],
        *,
        whole: bool,
    ) -> None:
        self._name = name
        self._types = types
        self._lookup = lookup
        self._decoder = decoder
        self._whole = whole
        self._told: dict[bytes, _Told] = {}
        self._wrong = Wrong()
        self._missing: dict[bytes, str] = {}

    def take(self, record: Record, partitions: int) -> None:
        try:
            fact = fact_of(record, self._decoder, partitions)
        except Poison:
            self._wrong.altered.add(str(record.position))
            return
        known = self._told.get(_identity(fact.envelope))
        if known is None:
            told = _Told(digest(fact), str(record.position), _kept(fact.envelope))
            self._told[_identity(fact.envelope)] = told
            return
        known.times += 1
        if known.digest != digest(fact):
            self._wrong.altered.add(str(record.position))

    def lines(self, cursor: Cursor, letters: AbstractSet[str]) -> Iterator[Line]:
        """`letters`: the source positions in the dead letters of the source."""
        rows, matched = 0, 0
        repeated: Counter[bytes] = Counter()
        rejects: list[str] = []
        for row in self._lookup.rows(cursor):
            if not isinstance(row.made, Fact):
                rejects.append(row.position)
                continue
            if row.made.type not in self._types:
                continue
            rows += 1
            key = _identity(row.made.envelope)
            repeated[key] += 1
            matched += self._match(key, row.made, row.position)
        seen = self._look_back(set(repeated), letters)
        self._find_doubles(repeated)
        if self._whole:
            for position in self._missing.values():
                self._wrong.missing.add(position)
        yield Line(
            ROWS,
            self._name,
            "every row",
            rows if self._whole else matched,
            {"in the topic": matched},
            self._wrong,
            remarks=seen.remarks(),
        )
        yield self._rejected(rejects, letters)

    def _match(self, key: bytes, made: Fact, position: str) -> int:
        told = self._told.get(key)
        if told is None:
            self._missing[key] = position
            return 0
        if told.digest != digest(made):
            self._wrong.altered.add(told.position)
        return 1

    def _look_back(self, known: AbstractSet[bytes], letters: AbstractSet[str]) -> "_Seen":
        """Facts that no row up to the cursor makes: put away, newer, mended, altered, or
        nobody's."""
        put_away, seen = self._lookup.put_away(), _Seen()
        for key, told in self._told.items():
            if key in known:
                continue
            if _was_put_away(put_away, told.envelope.sequence):
                seen.put_away += 1
                continue
            seen.asked += 1
            if seen.asked > MOST_ASKED:
                self._wrong.unknown.add(told.position)
            else:
                self._ask(told, letters, seen)
        return seen

    def _ask(self, told: _Told, letters: AbstractSet[str], seen: "_Seen") -> None:
        row = self._lookup.find(told.envelope)
        if isinstance(row, NoRow):
            self._wrong.unknown.add(told.position)
        elif isinstance(row.made, Fact) and digest(row.made) == told.digest:
            seen.newer += 1
        elif not isinstance(row.made, Fact) and row.position in letters:
            seen.mended += 1
        else:
            self._wrong.altered.add(told.position)
            if isinstance(row.made, Fact):
                # the row as it is now makes another fact, which nobody has missed
                self._missing.pop(_identity(row.made.envelope), None)

    def _find_doubles(self, rows: Mapping[bytes, int]) -> None:
        for key, told in self._told.items():
            for _ in range(told.times - max(1, rows.get(key, 1))):
                self._wrong.double.add(told.position)

    def _rejected(self, rejects: Iterable[str], letters: AbstractSet[str]) -> Line:
        wrong, count, there = Wrong(), 0, 0
        for position in rejects:
            count += 1
            there += position in letters
            if position not in letters and self._whole:
                wrong.missing.add(position)
        parts = {"in the dead letters": there}
        expected = count if self._whole else there
        return Line(REJECTS, self._name, f"dlq.{self._name}", expected, parts, wrong)


def _was_put_away(put_away: Callable[[str], bool], sequence: str) -> bool:
    try:
        return put_away(sequence)
    except ValueError:  # no position of this source
        return False


def _identity(envelope: Envelope) -> bytes:
    return identity(envelope.source.encode(), envelope.id.encode())


def _kept(envelope: Envelope) -> Envelope:
    """What a row is found by."""
    return Envelope(envelope.id, envelope.source, envelope.time, envelope.sequence)


def digest(fact: Fact) -> bytes:
    """16 bytes of everything a row tells: equal values are equal, however they are written."""
    envelope = fact.envelope
    about = (fact.type, fact.key, envelope.id, envelope.source, rfc3339(envelope.time))
    told = (*about, envelope.sequence, envelope.correlation_id, _canonical(fact.data))
    return blake2b(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Mapping):
        return {str(name): _canonical(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(each) for each in value]
    return value if isinstance(value, str | int | float | None) else str(value)
