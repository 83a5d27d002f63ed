"""What a view is: a handler that keeps state, declared with the fields it reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from backbone.fact import Fact

Document = Mapping[str, Any]


class View(Protocol):
    """One materialized view of one topic. Pure: no client, clock or environment inside.

    `name` and `version` name it in the store; `topic` is the one it folds; `reads` declares, per
    fact type, the fields it uses (facts not named are passed over); `key` is what its keys are
    called in the API, `example` one that exists in the demo; `freshness_seconds` its objective.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def reads(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def key(self) -> str: ...
    @property
    def example(self) -> str: ...
    @property
    def freshness_seconds(self) -> int: ...
    @property
    def description(self) -> str: ...

    def apply(self, state: Document | None, fact: Fact) -> Document | None:
        """Give the state after `fact`; None removes the key.

        Called once per fact, for each key in order; facts older than what the state was made from
        never arrive. `state` is a document as stored (decimals and instants are strings); the
        result may hold Decimal and datetime. What it raises makes the fact poison.
        """


@dataclass(frozen=True, slots=True)
class LatestByKey:
    """The newest fact of each key, as a document of the declared fields. Declared, no code: the
    projector may compute it column by column."""

    name: str
    version: int
    topic: str
    fact: str
    fields: tuple[str, ...]
    key: str
    example: str
    freshness_seconds: int
    description: str

    @property
    def reads(self) -> Mapping[str, tuple[str, ...]]:
        return {self.fact: self.fields}

    def apply(self, state: Document | None, fact: Fact) -> Document | None:
        del state
        return {field: fact.data[field] for field in self.fields}
