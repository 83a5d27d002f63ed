"""Dead letters by their cause: how many, since when, and one of each to look at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from backbone.dead_letter_causes import Cause
from backbone.dead_letter_reading import DeadLetter
from backbone.fact import LogPosition


@dataclass(slots=True)
class Group:
    """The letters of one fingerprint. `example` is the first of them."""

    fingerprint: str
    cause: Cause
    first: datetime
    last: datetime
    example: LogPosition
    count: int = 0

    def add(self, letter: DeadLetter) -> None:
        self.count += 1
        self.first = min(self.first, letter.failed_at)
        self.last = max(self.last, letter.failed_at)


def by_cause(letters: Iterable[DeadLetter]) -> list[Group]:
    """The largest group first. Keeps one letter of each, so that there may be any number."""
    groups: dict[str, Group] = {}
    for letter in letters:
        group = groups.get(letter.fingerprint)
        if group is None:
            at, place = letter.failed_at, letter.record.position
            group = Group(letter.fingerprint, letter.cause, at, at, place)
            groups[letter.fingerprint] = group
        group.add(letter)
    return sorted(groups.values(), key=lambda each: (-each.count, each.fingerprint))
