"""What a view is: a handler that keeps state, declared with the fields it reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from backbone.errors import Misconfigured
from backbone.fact import Fact

Document = Mapping[str, Any]
Reads = Mapping[str, tuple[str, ...]]
"""Per fact type: fields by their path, lists and maps passed through ("lines.quantity"). A record's
own path means everything in it."""


class View(Protocol):
    """One materialized view of one topic. Pure: no client, clock or environment inside.

    `name` and `version` name it in the store; `topic` is the one it folds; `reads` declares, per
    fact type, the fields it uses (facts not named are passed over; key and order are read of every
    fact and not named); `key` is what its keys are called in the API, `example` one that exists in
    the demo; `freshness_seconds` its objective. Beside these, `serves` says of each field of its
    document which fact fields it comes from: `backbone contracts impact` judges a change by both,
    and tests/contract/test_views.py holds them to what `apply` does.

    A fold that needs every fact of a key in its order is declared strict, by `strict = True` beside
    these: while a fact of a key is a dead letter the later ones are held, and applied behind it in
    log order once it is mended (docs/dead-letters.md). Changed together with `version` alone, for
    what is held belongs to the state. A fact that can never be mended it may name by its place, in
    `passes_over = frozenset({"topic/partition/offset"})`: it is left out, also of a rebuild.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def reads(self) -> Reads: ...
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


def is_strict(view: View) -> bool:
    return bool(getattr(view, "strict", False))


def served(view: View) -> Mapping[str, Reads]:
    """What each field of the view's document comes from; empty where the view does not say."""
    declared: Mapping[str, Reads] = getattr(view, "serves", {})
    return declared


def passes_over(view: View) -> frozenset[str]:
    return frozenset(getattr(view, "passes_over", ()))


@dataclass(frozen=True, slots=True)
class LatestByKey:
    """The newest fact of each key, as a document of the declared fields. Declared, no code: the
    projector may compute it column by column. Never strict: a newer fact supersedes a bad one."""

    name: str
    version: int
    topic: str
    fact: str
    fields: tuple[str, ...]
    key: str
    example: str
    freshness_seconds: int
    description: str
    strict: bool = False

    def __post_init__(self) -> None:
        if self.strict:
            raise Misconfigured(
                f"{self.name} keeps the newest fact of each key and cannot be strict: a bad fact "
                "must not freeze the good one behind it. Leave `strict` out, or declare a fold"
            )

    @property
    def reads(self) -> Reads:
        return {self.fact: self.fields}

    @property
    def serves(self) -> Mapping[str, Reads]:
        return {field: {self.fact: (field,)} for field in self.fields}

    def apply(self, state: Document | None, fact: Fact) -> Document | None:
        del state
        return {field: fact.data[field] for field in self.fields}
