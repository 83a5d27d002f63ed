"""Source: where facts come from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from backbone.errors import Poison
from backbone.fact import Fact, Origin
from backbone.record import Header

Cursor = Mapping[str, Any]
"""Where a source was: JSON values only, at most a few kilobytes, understood by its source alone."""


@dataclass(frozen=True, slots=True)
class Reject:
    """An input that breaks its contract. It goes to `dlq.<source>` with its own bytes.

    `fact_type` is the full name of the fact it was meant to be, where that is known: it tells
    which fields hold personal data when the reject is shown. `marks` are further headers of its
    dead letter: those of a replay, where it was refused before.
    """

    origin: Origin
    poison: Poison
    fact_type: str | None = None
    marks: Sequence[Header] = ()


@dataclass(frozen=True, slots=True)
class Drafts:
    """What facts of one type will be made of, column by column, before anything was checked.

    `places` are those of their inputs, rising. `fields` are what `backbone.contracts.parse` takes:
    columns of cells by their field, or a JSON object as text of each fact; a source gives drafts
    only where nothing else reads its rows. `keys` are the facts' keys where
    `key_field` holds the same. When a fact happened stands in its `time_field`, or, where that is
    None, in `times` as RFC 3339 with six digits, in UTC. `contexts` are the envelope's optional
    headers, None where no fact has any.
    """

    type: str
    places: Sequence[int]
    fields: Mapping[str, Sequence[str]] | Sequence[str]
    key_field: str
    keys: Sequence[Any]
    ids: Sequence[str]
    source: str
    sequences: Sequence[str]
    time_field: str | None = None
    times: Sequence[str] = ()
    contexts: Sequence[Sequence[Header]] | None = None


Make = Callable[[Any], Fact | Reject]
"""The fact or the reject of a row. Pure: a row always gives the same."""

MakeDrafts = Callable[[Any], Sequence[Drafts]]
"""Drafts of those of some rows that are in order as far as is seen: they give what `Make` gives."""


@dataclass(frozen=True)
class Batch:
    """What one poll brought: every input read is in `facts` or in `rejects`, never in both.

    `cursor` is where to go on from once the batch is published. `wait_seconds` says how long the
    source would like to rest before the next poll: 0 when it has more to give at once.
    """

    facts: Sequence[Fact] = ()
    rejects: Sequence[Reject] = ()
    cursor: Cursor = field(default_factory=dict)
    wait_seconds: float = 0.0

    @property
    def size(self) -> int:
        """How many inputs were read."""
        return len(self.facts) + len(self.rejects)

    @property
    def empty(self) -> bool:
        return not self.size

    def inputs(self) -> Sequence[Any]:
        """Every input once, the facts in their order, for `make`."""
        return [*self.facts, *self.rejects]

    def make(self, each: Any) -> Fact | Reject:
        """The fact or the reject of an input."""
        made: Fact | Reject = each
        return made

    def drafts(self, first: int, end: int) -> Sequence[Drafts]:
        """Drafts of the inputs from `first` on, where there are any. Their places count from it."""
        del first, end
        return ()


class RowBatch(Batch):
    """A batch whose facts are made one by one, each when it is asked for.

    Thousands of them in memory at once cost as much again as making them (tried). The rows are in
    memory, and `make` is pure: a row gives the same fact whenever it is asked for.
    """

    def __init__(
        self,
        rows: Sequence[Any],
        make: Make,
        drafts: MakeDrafts | None,
        cursor: Cursor,
        rest: float = 0.0,
    ) -> None:
        self.__dict__.update(rows=rows, make=make, cursor=cursor, wait_seconds=rest)
        self.__dict__["made_drafts"] = drafts

    def drafts(self, first: int, end: int) -> Sequence[Drafts]:
        drafts: MakeDrafts | None = self.__dict__["made_drafts"]
        return () if drafts is None else drafts(self.inputs()[first:end])

    @property
    def size(self) -> int:
        return len(self.inputs())

    def inputs(self) -> Sequence[Any]:
        rows: Sequence[Any] = self.__dict__["rows"]
        return rows

    @cached_property
    def facts(self) -> Sequence[Fact]:
        return [each for each in self._made if isinstance(each, Fact)]

    @cached_property
    def rejects(self) -> Sequence[Reject]:
        return [each for each in self._made if isinstance(each, Reject)]

    @cached_property
    def _made(self) -> Sequence[Fact | Reject]:
        return [self.make(row) for row in self.inputs()]


class Source(Protocol):
    """Reads one system of record. `poll` is called for the SourceRunner, from one thread, never
    twice at once; `close` from another, once the last poll has ended.

    `name` is the source's row in producers/catalog.py: it names `cursor.<name>` and `dlq.<name>`.
    `facts` lists the full names of the contracts it publishes; they are checked against the
    registry before the first poll.
    """

    @property
    def name(self) -> str: ...
    @property
    def facts(self) -> Sequence[str]: ...

    def poll(self, cursor: Cursor | None) -> Batch:
        """Give the inputs behind `cursor` (None: from the beginning), in order.

        The same cursor must give the same inputs in the same order, so that a poll whose batch was
        not published can be repeated. An empty batch's cursor may advance; it is kept in memory
        and published with the next facts. Raises Transient when the system does not answer and
        Fatal when the cursor does not fit it (another database, another file).
        """

    def close(self) -> None:
        """Let go of connections and files. Called once, also after an error."""
