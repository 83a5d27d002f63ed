"""The header of a retry: what is replayed, by which run, and where the record stood at first.

One header says all of it, and holds the record's own, for many headers take an owner longer to read
than the fact itself: `1|number|offset|published|count|first failed|`, then what the retries of a
run have in common as JSON, the names of the record's headers among it, and behind that their
values, each after a NUL. Where one is missing or holds a NUL, all stay in headers of their own. A
dead letter says the same as text (`retry_texts.py`); so did the retries of earlier releases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from backbone.dead_letter_families import PREFIXES
from backbone.dead_letters import FIRST_FAILED_AT
from backbone.fact import LogPosition
from backbone.record import Header, Headers, last_header

REPLAY = "replay."
ID = REPLAY + "id"
COUNT = REPLAY + "count"
OF = REPLAY + "of"
BY = REPLAY + "by"
ORIGINAL = REPLAY + "original"
RETRY = REPLAY + "retry"
VERSION = b"1"
PARTS = 7
_DIGITS = 18
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
        number = whole_number(partition.encode(errors="replace"))
        if not topic or rest == partition or number is None:
            return None
        return cls(topic, topic_id, number)


class About(NamedTuple):
    """What the retries of a run have in common. `of`: topic and partition of what is replayed, and
    `topic_id` that topic's; `beginning` is empty where it was no record."""

    replay: str
    of: str
    topic_id: str
    beginning: str
    by: str = ""
    names: tuple[str, ...] = ()  # of the record's own headers

    @classmethod
    def read(cls, found: Any) -> "About":
        """Of what JSON holds. Raises ValueError, TypeError."""
        if not isinstance(found, list):
            raise TypeError
        replay, of, topic_id, begin, by, names = found
        if not all(isinstance(each, str) for each in (*found[:5], *names)):
            raise ValueError
        return cls(replay, of, topic_id, begin, by, tuple(names))


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
        found = RetryHeader.of(last_header(headers, RETRY))
        return _of_text(dict(headers)) if found is None else found.marks

    def place(self) -> tuple[str, str]:
        """The place of what is replayed, and its topic's id."""
        of = self.about.of if self.number is None else f"{self.about.of}/{self.number}"
        return of, self.about.topic_id


class RetryHeader(NamedTuple):
    """The one header, taken apart."""

    marks: Marks
    replays: bytes
    first_failed_at: bytes
    values: Sequence[bytes]  # of the record's own headers

    @classmethod
    def of(cls, value: bytes | None) -> "RetryHeader | None":
        """None where it is not there, or not as we write it."""
        head, *own = (value or b"").split(b"\0")
        parts = head.split(b"|", PARTS - 1)
        number = whole_number(parts[1]) if len(parts) == PARTS else None
        if number is None or parts[0] != VERSION:
            return None
        try:
            about = _read(parts[6])
        except (ValueError, TypeError):
            return None
        if len(own) != len(about.names):
            return None
        _, _, *at, replays, first_failed_at, _ = parts
        return cls(Marks(about, number, *_both(*at)), replays, first_failed_at, own)

    def to_bytes(self) -> bytes:
        about, *numbers = self.marks
        at = (b"" if each is None else b"%d" % each for each in numbers)
        parts = (VERSION, *at, self.replays, self.first_failed_at, _written(about))
        return b"\0".join((b"|".join(parts), *self.values))

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


def _of_text(headers: dict[str, bytes | None]) -> Marks:
    """Of the five headers of earlier releases."""
    replay, of, original = (
        (headers.get(name) or b"").decode(errors="replace") for name in (ID, OF, ORIGINAL)
    )
    begin, *numbers = f"||{original}".rsplit("|", 2)
    at = _both(*(each.encode(errors="replace") for each in numbers))
    place, _, topic_id = of.partition("|")
    where, number = split_place(place)
    return Marks(About(replay, where, topic_id, f"{begin[2:]}|"), number, *at)


def _both(first: bytes, second: bytes) -> tuple[int, int] | tuple[None, None]:
    found = whole_number(first), whole_number(second)
    return (None, None) if found[0] is None or found[1] is None else (found[0], found[1])


def whole_number(digits: bytes) -> int | None:
    """None for what is no number, or has more digits than always fit 63 bits."""
    known = digits.isdigit() and len(digits) <= _DIGITS
    return int(digits) if known else None


def split_place(place: str) -> tuple[str, int | None]:
    """Topic and partition, and the offset; the whole and None where there is none."""
    where, _, digits = place.rpartition("/")
    number = whole_number(digits.encode(errors="replace"))
    if not where or digits != str(number):
        return place, None
    return where, number


def marked(
    headers: Headers,
    run: Run,
    of: LogPosition,
    original: Original | None,
    first_failed_at: str | None = None,
) -> list[Header]:
    """A record's headers without what told of its failure, and the one behind them."""
    place = None if original is None else original.position
    begin = ""
    if place is not None:
        begin = Stood(place.topic, place.topic_id, place.partition).beginning()
    own = [each for each in headers if not each[0].startswith(_LEFT_OUT)]
    values = [value for _, value in own if value is not None and b"\0" not in value]
    names = tuple(name for name, _ in own) if len(values) == len(own) else ()
    about = About(run.id, f"{of.topic}/{of.partition}", of.topic_id, begin, run.by, names)
    at = (None, None) if original is None else (original.position.offset, original.published_ms)
    count = b"%d" % (_count(dict(headers).get(COUNT)) + 1)
    first = (first_failed_at or "").encode()
    header = RetryHeader(Marks(about, of.offset, *at), count, first, values if names else ())
    retry = (RETRY, header.to_bytes())
    return [retry] if names else [*own, retry]


@lru_cache(1_000)
def _read(data: bytes) -> About:
    """Raises ValueError, TypeError."""
    return About.read(orjson.loads(data))


@lru_cache(1_000)
def _written(about: About) -> bytes:
    """One for each partition of a run."""
    return orjson.dumps([*about])


def _count(value: bytes | None) -> int:
    return int(value) if value is not None and value.isdigit() else 0


def own_headers(headers: Headers) -> Headers:
    """Those that the record had at first, and whatever others put behind the one of a retry."""
    found = RetryHeader.of(last_header(headers, RETRY))
    rest = [each for each in headers if each[0] != RETRY]
    if found is None:
        return rest
    return [*zip(found.marks.about.names, found.values, strict=True), *rest]
