"""The four verdicts of a change, from the one that needs nobody's attention to the worst."""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    SAFE = "safe"  # whoever reads it, reads it as before
    UNREAD = "unread"  # the registry refuses it, and it touches nothing that anybody reads
    HARMS = "harms"  # it can be read, and means something else to somebody
    BREAKS = "breaks"  # somebody can no longer read it

    def worse_than(self, other: "Verdict") -> bool:
        order = list(Verdict)
        return order.index(self) > order.index(other)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=list(Verdict).index, default=Verdict.SAFE)
