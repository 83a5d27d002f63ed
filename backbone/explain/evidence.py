"""What each hop says of one value: gathered elsewhere, judged in `backbone.explain.judging`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from backbone.fact import Fact, LogPosition
from backbone.views.store import Entry

WHOLE_ENVELOPE: Final = frozenset({"id", "source", "time", "sequence", "correlation_id"})


class Hop(StrEnum):
    """Where a value passes, from its end back to its beginning."""

    VIEW = "view entry"
    FACT = "fact"
    SOURCE = "source row"
    WAREHOUSE = "warehouse row"


@dataclass(frozen=True, slots=True)
class Account:
    """What a hop tells of one fact. `keeps`: which parts of the envelope this hop has at all."""

    where: str
    fact: Fact
    keeps: frozenset[str] = WHOLE_ENVELOPE


@dataclass(frozen=True, slots=True)
class Broken:
    """Something stands where the fact should, and it is none: `why` names it without values."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """The hop could not be looked at, or has nothing to show. Never an agreement."""

    where: str
    why: str


Testimony = Account | Broken | Unseen


@dataclass(frozen=True, slots=True)
class Chapter:
    """One fact of the key, as every hop tells it. `position` and `published_at` are the log's own,
    whatever is told. `source` and `warehouse` are None where nobody was asked, for the value does
    not depend on this fact."""

    position: LogPosition
    published_at: datetime
    fact: Testimony
    source: Testimony | None = None
    warehouse: Testimony | None = None

    @property
    def offset(self) -> int:
        return self.position.offset


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was seen. `chapters` in log order; `entry` None: the view has no such key. `dead`
    are the offsets that the view's processor has put to its dead letters, or holds. `gaps` say
    what could not be looked at beside single rows, so that nothing is called whole which is not."""

    view: str
    entry: Entry | None
    chapters: Sequence[Chapter]
    dead: frozenset[int] = frozenset()
    gaps: Sequence[str] = ()


Fold = Callable[[Sequence[Fact]], Entry | None]
"""The view's own fold over facts of one key in log order, from nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which a hop differs from what it is compared with."""

    field: str
    here: Any
    there: Any
