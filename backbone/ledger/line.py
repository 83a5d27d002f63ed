"""A line of the ledger: what stands before a hop against what stands behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

FIRST: Final = 5
"""So many positions are named where something is wrong."""


@dataclass(slots=True)
class Found:
    """Things of one kind: how many, and the first of them by position."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, position: str) -> None:
        self.count += 1
        if len(self.first) < FIRST:
            self.first.append(position)

    def join(self, other: "Found") -> None:
        self.count += other.count
        self.first = [*self.first, *other.first][:FIRST]


@dataclass(slots=True)
class Wrong:
    """What is wrong with one hop. `unknown`: behind it stands what never stood before it."""

    missing: Found = field(default_factory=Found)
    double: Found = field(default_factory=Found)
    altered: Found = field(default_factory=Found)
    unknown: Found = field(default_factory=Found)

    def kinds(self) -> Mapping[str, Found]:
        return {
            "missing": self.missing,
            "double": self.double,
            "altered": self.altered,
            "unknown": self.unknown,
        }

    @property
    def any(self) -> bool:
        return any(each.count for each in self.kinds().values())


@dataclass(frozen=True, slots=True)
class Line:
    """`parts` add up to `found`. `note` says what cannot be judged, and why: the line then neither
    balances nor fails."""

    hop: str
    name: str
    where: str
    expected: int
    parts: Mapping[str, int]
    wrong: Wrong = field(default_factory=Wrong)
    note: str = ""
    remarks: Sequence[str] = ()

    @property
    def found(self) -> int:
        return sum(self.parts.values())

    @property
    def balances(self) -> bool | None:
        """None: it could not be judged."""
        if self.wrong.any:
            return False
        if self.note:
            return None
        return self.expected == self.found


def counted(expected: int, found: int) -> Wrong:
    """Where only the sums are known, what they say of what is wrong."""
    wrong = Wrong()
    wrong.missing.count = max(0, expected - found)
    wrong.unknown.count = max(0, found - expected)
    return wrong
