"""Source: where facts come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, Protocol

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


class Draft(NamedTuple):
    """What a fact will be made of, before anything was read or checked.

    `fields` are as `backbone.contracts.parse` takes them: a source gives drafts only where nothing
    else reads its rows. `key` is the fact's key where `key_field` holds the same. `time` is when it
    happened, or None where `time_field` holds it. `context` are the envelope's optional headers.
    """

    type: str
    fields: Mapping[str, Any]
    key_field: str
    key: str
    id: str
    source: str
    sequence: str
    time_field: str | None
    time: datetime | None
    context: Sequence[Header]


class RowMaker(Protocol):
    """How a source makes its facts, row by row. Pure: a row always gives the same."""

    def make(self, row: Any) -> Fact | Reject: ...

    def draft(self, row: Any) -> Draft | None:
        """What gives the same fact as `make`, for a row that is in order as far as is seen."""


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
        """Every input once, the facts in their order, for `draft` and `make`."""
        return [*self.facts, *self.rejects]

    def make(self, each: Any) -> Fact | Reject:
        """The fact or the reject of an input."""
        made: Fact | Reject = each
        return made

    def draft(self, _: Any) -> Draft | None:
        """The draft that gives the same fact as `make`, where an input has one."""
        return None


class RowBatch(Batch):
    """A batch whose facts are made one by one, each when it is asked for.

    Thousands of them in memory at once cost as much again as making them (tried). The rows are in
    memory, and `make` is pure: a row gives the same fact whenever it is asked for.
    """

    def __init__(
        self, rows: Sequence[Any], maker: RowMaker, cursor: Cursor, rest: float = 0.0
    ) -> None:
        self.__dict__.update(rows=rows, maker=maker, cursor=cursor, wait_seconds=rest)
        # methods of the maker, called for every row
        self.__dict__.update(make=maker.make, draft=maker.draft)

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
