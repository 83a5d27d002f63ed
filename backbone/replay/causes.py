"""Dead letters by their cause: how many, since when, and one of each to look at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from backbone.dead_letter_causes import Cause
from backbone.dead_letter_reading import DeadLetter
from backbone.fact import LogPosition
from backbone.replay.outcomes import Settled
from backbone.replay.parked import Newest


@dataclass(slots=True)
class Group:
    """The letters of one fingerprint. `example` is the first of them; `open` are the messages whose
    newest letter is one of them, and is not settled."""

    fingerprint: str
    cause: Cause
    first: datetime
    last: datetime
    example: LogPosition
    count: int = 0
    open: int = 0

    def add(self, letter: DeadLetter) -> None:
        self.count += 1
        self.first = min(self.first, letter.failed_at)
        self.last = max(self.last, letter.failed_at)


def by_cause(
    letters: Iterable[DeadLetter],
    settled: Settled,
    takes: Callable[[DeadLetter], bool] = lambda _: True,
) -> list[Group]:
    """Those that are taken, the largest group first. A message whose newest letter is not taken is
    not open. Keeps one letter of each group and a text of each message."""
    groups: dict[str, Group] = {}
    newest = Newest(settled, lambda letter: letter.fingerprint if takes(letter) else None)
    for letter in filter(takes, newest.seen(letters)):
        group = groups.get(letter.fingerprint)
        if group is None:
            at, place = letter.failed_at, letter.record.position
            group = Group(letter.fingerprint, letter.cause, at, at, place)
            groups[letter.fingerprint] = group
        group.add(letter)
    for fingerprint, count in newest.open().items():
        groups[fingerprint].open = count
    return sorted(groups.values(), key=lambda each: (-each.count, each.fingerprint))
