"""Reader: who reads which fields of which facts, and what of them it depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Channel(StrEnum):
    """How a reader comes by a fact's fields; what a change does to it depends on that."""

    VIEW = "view"  # ours: decodes with the contract, and folds
    GATEWAY = "gateway"  # a field of a document that is served
    WAREHOUSE = "warehouse"  # a column, or a query of one
    TOPIC = "topic"  # decodes with the writer's schema and picks fields by name
    MODEL = "model"  # decodes into classes made of a whole version of the contract


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a reader depends on in a field beyond that it is there. None and empty: nothing.

    `symbols`: those of an enum that it knows what to do with. `unit`: a word of
    `backbone/impact/units.py` that the documentation must name. `rules`: value rules that must hold
    at least. `personal`: it may hold personal data.
    """

    symbols: frozenset[str] = frozenset()
    precision: int | None = None
    scale: int | None = None
    unit: str = ""
    rules: Mapping[str, Any] = field(default_factory=dict)
    personal: bool = False


NOTHING = Expectation()


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader, or one field of what a view serves, or one column.

    `reads`: by fact type, the fields by their paths with what is expected of each; a record's path
    means everything in it. `freshness_seconds`: how old its facts may be; 0 where it does not say.
    `ours`: deployed together with the contracts. `team` and `contact`: whom to ask.
    """

    name: str
    channel: Channel
    reads: Mapping[str, Mapping[str, Expectation]]
    team: str = ""
    contact: str = ""
    freshness_seconds: int = 0
    ours: bool = False

    @property
    def reads_the_key(self) -> bool:
        """Whether it needs what facts are found and ordered by; a copy of one field does not."""
        return not self.ours or self.channel is Channel.VIEW

    def fields_at(self, fact: str, path: str) -> list[tuple[str, Expectation]]:
        """The declared fields that a change at `path` touches."""
        return [
            (each, expectation)
            for each, expectation in self.reads.get(fact, {}).items()
            if is_within(path, each) or is_within(each, path)
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.name}" if self.ours else f"{self.name} ({self.channel})"


def is_within(path: str, record: str) -> bool:
    return path == record or path.startswith(f"{record}.")
