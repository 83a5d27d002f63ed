"""SourceLookup: a source asked the other way round, from a fact back to the row it was made of."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from backbone.fact import Envelope, Fact
from backbone.source import Cursor, Reject


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row as it stands in its source now, and what the source makes of it now."""

    position: str
    made: Fact | Reject


@dataclass(frozen=True, slots=True)
class NoRow:
    """There is no such row to be seen; `why` is for people."""

    position: str
    why: str


@runtime_checkable
class SourceLookup(Protocol):
    """What a source offers `explain` and `ledger` where its rows can still be asked for. It
    only reads, and nothing of the source's own reading changes by them. Raises Transient
    when the system does not answer, Misconfigured when it refuses."""

    @property
    def facts(self) -> Sequence[str]: ...

    def find(self, envelope: Envelope) -> SourceRow | NoRow:
        """The row that a fact with this envelope came from, as it is now."""

    def rows(self, cursor: Cursor) -> Iterator[SourceRow]:
        """Every row up to `cursor` that is still there, as the source reads it, in its order.
        What was archived is left out; see `put_away`."""

    def put_away(self) -> Callable[[str], bool]:
        """Made now: says of a source position whether its row was archived, so that nobody can
        miss it."""
