"""The header of a retry: what is replayed, by which run, and where the record stood at first.

One header behind the record's own says all of it, for a retry with as many headers as a dead letter
takes its owner longer to read than the fact did: `1|number|offset|published|count|first failed|`
and then what the retries of a run have in common, as JSON. A dead letter says the same in headers
of their own, as text for whoever looks at it; so did the retries of earlier releases.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple, overload

import orjson

from backbone.dead_letter_families import PREFIXES
from backbone.dead_letters import FIRST_FAILED_AT
from backbone.fact import LogPosition
from backbone.record import Header, Headers, RecordBatch, last_header

REPLAY = "replay."
ID = REPLAY + "id"
COUNT = REPLAY + "count"
OF = REPLAY + "of"
BY = REPLAY + "by"
ORIGINAL = REPLAY + "original"
RETRY = REPLAY + "retry"
_VERSION = b"1"
_PARTS = 7
_LEFT_OUT = (*PREFIXES, REPLAY)


class Run(NamedTuple):
    """One run of `backbone dlq run`: its id, and who started it."""

    id: str
    by: str


class Original(NamedTuple):
    """Where a record stood at first, and when it was published."""

    position: LogPosition
    published_ms: int


@dataclass(frozen=True, slots=True)
class Stood:
    """Where records stood at first, but for their offsets: one partition of a topic of this id."""

    topic: str
    topic_id: str
    partition: int

    def beginning(self) -> str:
        """As retries say it; offset and publish time follow."""
        return f"{self.topic}|{self.topic_id}|{self.partition}|"

    @classmethod
    def read(cls, beginning: str) -> "Stood | None":
        topic, _, rest = beginning.partition("|")
        topic_id, _, rest = rest.partition("|")
        partition = rest.removesuffix("|")
        known = topic and rest != partition and partition.isascii() and partition.isdigit()
        return cls(topic, topic_id, int(partition)) if known else None


class About(NamedTuple):
    """What the retries of a run have in common. `of`: topic and partition of what is replayed, and
    `topic_id` that topic's; `beginning` is empty where it was no record."""

    replay: str
    of: str
    topic_id: str
    beginning: str
    by: str = ""


class Marks(NamedTuple):
    """What a retry says: about which run, the offset of what is replayed (None: `about.of` is all
    that is known), and where and when the record was first (None: it does not say)."""

    about: About
    number: int | None
    offset: int | None
    published_ms: int | None

    @classmethod
    def of_headers(cls, headers: Headers) -> "Marks":
        """Never raises: what is missing is empty."""
        found = _Parts.of(last_header(headers, RETRY))
        return _of_text(dict(headers)) if found is None else found.marks

    def place(self) -> tuple[str, str]:
        """The place of what is replayed, and its topic's id."""
        of = self.about.of if self.number is None else f"{self.about.of}/{self.number}"
        return of, self.about.topic_id


class MarkColumns(NamedTuple):
    """The same of many records, column by column."""

    abouts: Sequence[About]
    numbers: Sequence[int | None]
    offsets: Sequence[int | None]
    published_ms: Sequence[int | None]

    @classmethod
    def of_headers(cls, headers: Sequence[Headers]) -> "MarkColumns":
        return _alike(headers) or cls(*zip(*map(Marks.of_headers, headers), strict=True))


def _alike(headers: Sequence[Headers]) -> MarkColumns | None:
    """Of records that all have the one header behind the others, as runs write them."""
    values = [each[-1][1] or b"" for each in headers if each and each[-1][0] == RETRY]
    if not values or len(values) != len(headers):
        return None
    rows = [each.split(b"|", _PARTS - 1) for each in values]
    try:
        versions, numbers, offsets, published, _, _, rests = zip(*rows, strict=True)
        known = {each: _about(each) for each in {*rests}}
        # digits alone, so that a sign is none
        if {*versions} != {_VERSION} or not b"".join((*numbers, *offsets, *published)).isdigit():
            return None
        counts = ([*map(int, each)] for each in (numbers, offsets, published))
        return MarkColumns([known[each] for each in rests], *counts)
    except (ValueError, TypeError):
        return None


class _Parts(NamedTuple):
    """The one header, taken apart."""

    marks: Marks
    replays: bytes
    first_failed_at: bytes

    @classmethod
    def of(cls, value: bytes | None) -> "_Parts | None":
        """None where it is not there, or not as we write it."""
        parts = (value or b"").split(b"|", _PARTS - 1)
        if len(parts) != _PARTS or parts[0] != _VERSION or not parts[1].isdigit():
            return None
        try:
            about = _about(parts[6])
        except (ValueError, TypeError):
            return None
        _, number, offset, published, replays, first_failed_at, _ = parts
        known = offset.isdigit() and published.isdigit()
        at = (int(offset), int(published)) if known else (None, None)
        return cls(Marks(about, int(number), *at), replays, first_failed_at)

    def as_text(self) -> list[Header]:
        about, _, offset, published_ms = self.marks
        of, topic_id = self.marks.place()
        original = "" if offset is None else f"{about.beginning}{offset}|{published_ms}"
        first = [(FIRST_FAILED_AT, self.first_failed_at)] if self.first_failed_at else []
        return [
            *first,
            (ID, about.replay.encode()),
            (COUNT, self.replays),
            (OF, f"{of}|{topic_id}".encode()),
            (BY, about.by.encode()),
            (ORIGINAL, original.encode()),
        ]


def _about(rest: bytes) -> About:
    """Raises ValueError, TypeError."""
    found: list[Any] = orjson.loads(rest)
    if not all(isinstance(each, str) for each in found):
        raise ValueError
    return About(*found)


def _of_text(headers: dict[str, bytes | None]) -> Marks:
    """Of the five headers of earlier releases."""
    replay, of, original = (
        (headers.get(name) or b"").decode(errors="replace") for name in (ID, OF, ORIGINAL)
    )
    begin, *numbers = f"||{original}".rsplit("|", 2)
    known = all(each.isascii() and each.isdigit() for each in numbers)
    at = (int(numbers[0]), int(numbers[1])) if known else (None, None)
    place, _, topic_id = of.partition("|")
    where, number = split_place(place)
    return Marks(About(replay, where, topic_id, f"{begin[2:]}|"), number, *at)


def split_place(place: str) -> tuple[str, int | None]:
    """Topic and partition, and the offset; the whole and None where there is none."""
    where, _, number = place.rpartition("/")
    if not (where and number.isascii() and number.isdigit() and number == str(int(number))):
        return place, None
    return where, int(number)


def marked(
    headers: Headers,
    run: Run,
    of: LogPosition,
    original: Original | None,
    first_failed_at: str | None = None,
) -> list[Header]:
    """A record's headers without what told of its failure, and the one behind them."""
    count = _count(dict(headers).get(COUNT)) + 1
    at = ("", "") if original is None else (original.position.offset, original.published_ms)
    parts = (of.offset, *at, count, first_failed_at or "")
    place = None if original is None else original.position
    begin = ""
    if place is not None:
        begin = Stood(place.topic, place.topic_id, place.partition).beginning()
    about = _written(About(run.id, f"{of.topic}/{of.partition}", of.topic_id, begin, run.by))
    value = b"|".join((_VERSION, *(str(each).encode() for each in parts), about))
    return [*(each for each in headers if not each[0].startswith(_LEFT_OUT)), (RETRY, value)]


@cache
def _written(about: About) -> bytes:
    """One for each partition of a run."""
    return orjson.dumps([*about])


def _count(value: bytes | None) -> int:
    return int(value) if value is not None and value.isdigit() else 0


def as_text(headers: Headers) -> Headers:
    """As a dead letter of the record says it."""
    found = _Parts.of(last_header(headers, RETRY))
    if found is None:
        return headers
    return [*(each for each in headers if each[0] != RETRY), *found.as_text()]


class _AsText(Sequence[Headers]):
    """Made when they are asked for: of most retries there will be no dead letter."""

    def __init__(self, headers: Sequence[Headers]) -> None:
        self.headers = headers

    def __len__(self) -> int:
        return len(self.headers)

    @overload
    def __getitem__(self, index: int) -> Headers: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Headers]: ...
    def __getitem__(self, index: int | slice) -> Headers | Sequence[Headers]:
        if isinstance(index, slice):
            return [*map(as_text, self.headers[index])]
        return as_text(self.headers[index])


def spoken(batch: RecordBatch) -> RecordBatch:
    """For whoever writes dead letters of it: they say in text what the one header says."""
    return replace(batch, headers=_AsText(batch.headers))


def unspoken(batch: RecordBatch) -> RecordBatch:
    """What `spoken` was made of: for whoever reads the headers of all."""
    headers = batch.headers
    return replace(batch, headers=headers.headers) if isinstance(headers, _AsText) else batch
