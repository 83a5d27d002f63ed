"""Source: where facts come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from backbone.errors import Poison
from backbone.fact import Fact, Origin

Cursor = Mapping[str, Any]
"""Where a source was: JSON values only, at most a few kilobytes, understood by its source alone."""


@dataclass(frozen=True, slots=True)
class Reject:
    """An input that breaks its contract. It goes to `dlq.<source>` with its own bytes.

    `fact_type` is the full name of the fact it was meant to be, where that is known: it tells
    which fields hold personal data when the reject is shown.
    """

    origin: Origin
    poison: Poison
    fact_type: str | None = None


@dataclass(frozen=True, slots=True)
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
    def empty(self) -> bool:
        return not self.facts and not self.rejects


class Source(Protocol):
    """Reads one system of record. Called by the SourceRunner, from one thread, never concurrently.

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
