"""What became of what was tried again: told by the owner in `replayed.<name>`, read by operators.

One record for each batch of retries, with the offset from which the owner goes on: so it is also
the owner's position in `retry.<name>`. It is written after the effects, so a crash in between has
them tried again, and the order version of what is stored keeps that from changing anything.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import orjson

from backbone.fact import LogPosition
from backbone.record import are_alike
from backbone.replay.retry_headers import split_place

T = TypeVar("T", bound=Hashable)

MAX_TOLD = 5_000
"""Outcomes in one record: some 60 KB, and 600 KB where no two of them have anything in common."""


class Became(StrEnum):
    """What became of one retry. A closed set and a public contract."""

    RECOVERED = "recovered"  # its effect is stored, or its fact published
    SUPERSEDED = "superseded"  # a newer order version of its key was there before
    ALREADY_APPLIED = "already_applied"  # its own effect was there before
    FAILED = "failed_again"  # it is a dead letter once more
    REFUSED = "refused"  # it cannot be tried: topic recreated, place unknown, or HELD


_NAMED = {str(each): each for each in Became}

HELD = "held"
"""The code of what a strict fold refused: an earlier fact of its key is a dead letter still."""

SETTLED = frozenset({Became.RECOVERED, Became.SUPERSEDED, Became.ALREADY_APPLIED})
"""There is nothing more to be done."""


class Told(NamedTuple):
    """One outcome. `of` is the place of what was replayed, `topic_id` its topic's id, `replay` the
    run's; `code` says why it failed."""

    of: str
    topic_id: str
    replay: str
    became: Became
    code: str | None


class ToldColumns(NamedTuple):
    """The same of many, column by column: their run, where what was replayed stood (topic and
    partition) and that topic's id; its offset (None: there is none, the place is whole); and what
    became of each, with the code."""

    runs: Sequence[tuple[str, str, str]]
    numbers: Sequence[int | None]
    became: Sequence[tuple[str, str | None]]

    @classmethod
    def of(cls, told: Iterable[Told]) -> "ToldColumns":
        rows = [
            ((each.replay, where, each.topic_id), number, (str(each.became), each.code))
            for each in told
            for where, number in [split_place(each.of)]
        ]
        return cls(*(map(list, zip(*rows, strict=True)) if rows else ([], [], [])))

    def told(self) -> list[Told]:
        return [
            Told(
                where if number is None else f"{where}/{number}",
                topic_id,
                replay,
                _NAMED[became],
                code,
            )
            for (replay, where, topic_id), number, (became, code) in zip(*self, strict=True)
        ]

    def counted(self) -> Mapping[str, int]:
        """How many became what."""
        if self.became and are_alike(self.became):
            return {self.became[0][0]: len(self.became)}
        return Counter(became for became, _ in self.became)

    def between(self, start: int, stop: int) -> "ToldColumns":
        return ToldColumns(self.runs[start:stop], self.numbers[start:stop], self.became[start:stop])


class Settled:
    """The places with nothing left to be done, in reports of `replayed.<name>`: what was settled
    stays so, whatever trying it again told."""

    def __init__(self, reports: Iterable[bytes] = ()) -> None:
        self._offsets: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        told = chain.from_iterable(zip(*told_in(each), strict=True) for each in reports)
        for (_, where, topic_id), number, (became, _) in told:
            if number is not None and became in SETTLED:
                self._offsets[topic_id, where].add(number)

    def __contains__(self, place: LogPosition) -> bool:
        where = f"{place.topic}/{place.partition}"
        return place.offset in self._offsets.get((place.topic_id, where), ())


class Report(NamedTuple):
    """One record of `replayed.<name>`: the owner goes on from `next` of the retry topic's partition
    in the topic with `topic_id`."""

    topic_id: str
    next: int
    told: Sequence[Told]

    def to_bytes(self) -> bytes:
        return _written(self.topic_id, self.next, ToldColumns.of(self.told))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Report":
        found = orjson.loads(data)
        return cls(found["topic_id"], found["next"], _columns(found).told())


def told_in(data: bytes) -> ToldColumns:
    """A report's outcomes, for whoever only counts them."""
    return _columns(orjson.loads(data))


def _columns(found: Mapping[str, Any]) -> ToldColumns:
    if "told" in found:  # of earlier releases: a row each
        rows = found["told"]
        return ToldColumns.of(
            Told(of, topic, run, _NAMED[word], code) for of, topic, run, word, code in rows
        )
    count = len(found["numbers"])
    runs, became = _spread(found["runs"], count), _spread(found["became"], count)
    return ToldColumns(runs, found["numbers"], became)


def _written(topic_id: str, next_offset: int, told: ToldColumns) -> bytes:
    return orjson.dumps(
        {
            "topic_id": topic_id,
            "next": next_offset,
            "runs": _gathered(told.runs),
            "numbers": told.numbers,
            "became": _gathered(told.became),
        }
    )


def _gathered(column: Sequence[T]) -> tuple[Sequence[T], Sequence[int]]:
    """Each value once, and which of them stands in each row; none where all are alike."""
    different = dict.fromkeys(column[:1] if are_alike(column) else column)
    if len(different) <= 1:
        return [*different], []
    places = {each: place for place, each in enumerate(different)}
    return [*different], [places[each] for each in column]


def _spread(gathered: Sequence[Any], count: int) -> list[Any]:
    values, places = gathered
    return [values[place] for place in places] if places else values * count


def reports(topic_id: str, start: int, next_offset: int, told: ToldColumns) -> Iterator[bytes]:
    """What came of the retries from `start` on, cut into records of bounded size. Only the last one
    moves the position."""
    for first in range(0, len(told.numbers), MAX_TOLD):
        last = first + MAX_TOLD >= len(told.numbers)
        some = told.between(first, first + MAX_TOLD)
        yield _written(topic_id, next_offset if last else start, some)


def resume_at(data: bytes | None, topic_id: str) -> int:
    """Where an owner goes on, by the newest record of its partition; from the beginning where the
    retry topic is another one than that tells of."""
    if data is None:
        return 0
    found = orjson.loads(data)  # without the outcomes, which are many
    return int(found["next"]) if found["topic_id"] == topic_id else 0


def what_counts(told: Iterable[Told]) -> dict[tuple[str, str], Told]:
    """The outcome that counts for each place, by its topic's id and itself. What was settled stays
    so; that it was recovered counts before whatever trying it again told; else the last one."""
    found: dict[tuple[str, str], Told] = {}
    for each in told:
        before = found.get((each.topic_id, each.of))
        settled = before is not None and before.became in SETTLED
        if not settled or each.became is Became.RECOVERED:
            found[each.topic_id, each.of] = each
    return found
