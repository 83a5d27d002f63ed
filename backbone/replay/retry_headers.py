"""The headers of a retry: what was replayed, by which run, and where the record stood at first.

They stand behind the record's own, always the same five, so that the owner finds them at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backbone.dead_letter_families import PREFIXES
from backbone.dead_letters import FIRST_FAILED_AT
from backbone.fact import LogPosition
from backbone.record import Header, Headers

REPLAY = "replay."
ID = REPLAY + "id"
COUNT = REPLAY + "count"
OF = REPLAY + "of"
BY = REPLAY + "by"
ORIGINAL = REPLAY + "original"
_NAMES = 5


@dataclass(frozen=True, slots=True)
class Run:
    """One run of `backbone dlq run`: its id, and who started it."""

    id: str
    by: str


class Original(NamedTuple):
    """Where a record stood at first, and when it was published."""

    position: LogPosition
    published_ms: int

    def to_bytes(self) -> bytes:
        place = self.position
        begin = beginning(place.topic, place.topic_id, place.partition)
        return begin + f"{place.offset}|{self.published_ms}".encode()


def beginning(topic: str, topic_id: str, partition: int) -> bytes:
    """What the header ORIGINAL begins with for records of one partition; behind it stand offset and
    publish time."""
    return f"{topic}|{topic_id}|{partition}|".encode()


class Marks(NamedTuple):
    """Of the five headers what the owner needs, as bytes: there may be very many. Of `of` the
    topic's id is the last part."""

    replay: bytes
    of: bytes
    original: bytes

    @classmethod
    def of_headers(cls, headers: Headers) -> "Marks":
        """Never raises: what is missing is empty."""
        return cls(*_marks(headers))

    def place(self) -> tuple[str, str]:
        """The place of what was replayed, and its topic's id."""
        of, _, topic_id = self.of.decode(errors="replace").partition("|")
        return of, topic_id


class MarkColumns(NamedTuple):
    """The same of many records, column by column."""

    replays: Sequence[bytes]
    ofs: Sequence[bytes]
    originals: Sequence[bytes]

    @classmethod
    def of_headers(cls, headers: Sequence[Headers]) -> "MarkColumns":
        found = [_marks(each) for each in headers]
        return cls(*([each[at] for each in found] for at in range(len(cls._fields))))

    def names(self) -> tuple[list[str], list[str], list[str]]:
        """The places of what was replayed, their topics' ids, and the runs' ids."""
        places = [each.decode(errors="replace").partition("|") for each in self.ofs]
        runs = {each: each.decode(errors="replace") for each in set(self.replays)}
        return (
            [place for place, _, _ in places],
            [topic_id for _, _, topic_id in places],
            [runs[each] for each in self.replays],
        )


def _marks(headers: Headers) -> tuple[bytes, bytes, bytes]:
    last = headers[-_NAMES:]
    if len(last) == _NAMES and last[0][0] == ID and last[-1][0] == ORIGINAL:
        return last[0][1] or b"", last[2][1] or b"", last[4][1] or b""
    found = dict(headers)
    return found.get(ID) or b"", found.get(OF) or b"", found.get(ORIGINAL) or b""


def marked(
    headers: Headers,
    run: Run,
    of: LogPosition,
    original: Original | None,
    first_failed_at: str | None = None,
) -> list[Header]:
    """A record's headers without what told of its failure, and the five behind them."""
    count = _count(dict(headers).get(COUNT)) + 1
    made = [each for each in headers if not each[0].startswith(_LEFT_OUT)]
    if first_failed_at is not None:
        made.append((FIRST_FAILED_AT, first_failed_at.encode()))
    return [
        *made,
        (ID, run.id.encode()),
        (COUNT, str(count).encode()),
        (OF, f"{of}|{of.topic_id}".encode()),
        (BY, run.by.encode()),
        (ORIGINAL, b"" if original is None else original.to_bytes()),
    ]


def _count(value: bytes | None) -> int:
    return int(value) if value is not None and value.isdigit() else 0


_LEFT_OUT = (*PREFIXES, REPLAY)
