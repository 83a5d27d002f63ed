"""What a loader notes beside the group's offset before it inserts: which records, exactly.

`pending:first-last:excluded:topic-id`. Whoever comes after a crash forms the same insert from it,
however its polls cut the log, and so with the same token. `excluded` are the offsets that are no
rows but dead letters, counted from `first`: `0,7-9`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backbone.errors import Fatal
from backbone.log import NOTE_BYTES

_WORD = "pending"
_LOADED = "loaded"
_ROOM = 160  # for the word, two offsets and the topic's id


@dataclass(frozen=True, slots=True)
class Pending:
    """The records from `first` to `last`, both included, without `excluded` (rising)."""

    first: int
    last: int
    excluded: tuple[int, ...] = ()

    def joined(self, behind: "Pending") -> "Pending":
        """One insert of both; `behind` follows."""
        return Pending(self.first, behind.last, self.excluded + behind.excluded)

    @property
    def fits(self) -> bool:
        """Whether the note of it is short enough to be kept."""
        return len(_written(self)) <= NOTE_BYTES - _ROOM

    def token(self, topic_id: str, partition: int) -> str:
        """Names the insert: the same records have the same token."""
        return f"{topic_id}-{partition}-{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Note:
    """What stands beside the offset; `pending` None: everything below the offset is loaded."""

    topic_id: str
    pending: Pending | None = None

    def __str__(self) -> str:
        if self.pending is None:
            return f"{_LOADED}:{self.topic_id}"
        where = f"{self.pending.first}-{self.pending.last}"
        return f"{_WORD}:{where}:{_written(self.pending)}:{self.topic_id}"

    @classmethod
    def read(cls, text: str) -> "Note | None":
        """None where nobody noted anything: an operator has set the offset. Raises Fatal."""
        if not text:
            return None
        word, _, rest = text.partition(":")
        try:
            if word == _LOADED:
                return cls(rest)
            where, excluded, topic_id = rest.split(":")
            first, last = map(int, where.split("-"))
            found = tuple(first + each for each in _read(excluded))
        except ValueError:
            word = ""
        if word != _WORD:
            raise Fatal(
                "the note beside the group's offset is none of a loader's: another program "
                "commits to this group. Give the backbone a BACKBONE_APP of its own"
            )
        return cls(topic_id, Pending(first, last, found))


def cut(offsets: Sequence[int], poisoned: Sequence[int]) -> Iterator[range]:
    """Places that are noted together: as many as there is room for their dead letters, which stand
    in the places `poisoned` (rising)."""
    start, room = 0, NOTE_BYTES - _ROOM
    for place in poisoned:
        room -= len(f",{offsets[place] - offsets[start]}")
        if room < 0:
            yield range(start, place)
            start, room = place, NOTE_BYTES - _ROOM
    yield range(start, len(offsets))


def _written(pending: Pending) -> str:
    return ",".join(
        str(low) if low == high else f"{low}-{high}"
        for low, high in _ranges([each - pending.first for each in pending.excluded])
    )


def _ranges(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = before = None
    for each in numbers:
        if before is None or start is None:
            start = each
        elif each != before + 1:
            yield start, before
            start = each
        before = each
    if start is not None and before is not None:
        yield start, before


def _read(text: str) -> Iterator[int]:
    for part in text.split(",") if text else ():
        low, _, high = part.partition("-")
        yield from range(int(low), int(high or low) + 1)
