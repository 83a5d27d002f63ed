"""Estate: what artefacts are made from, read before anything is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.log import TopicSpec

Files = Mapping[str, str]
"""Texts by the path each is written to."""

Reads = Mapping[str, Sequence[str]]
"""Per fact type: the dotted paths of its fields."""


@dataclass(frozen=True, slots=True)
class ViewTerms:
    """A view as artefacts name it. `reads`: the fields it uses. `serves`: where each field of its
    documents comes from; empty where the view does not say."""

    name: str
    version: int
    topic: str
    description: str
    reads: Reads
    serves: Mapping[str, Reads]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where it all runs. Only what is made on demand names it: what is checked in is the same for
    every deployment."""

    app: str
    kafka: str
    registry: str
    redis: str
    clickhouse: str
    database: str
    at: datetime


@dataclass(frozen=True, eq=False)
class Estate:
    """`topics` are all that are declared, `sinks` the facts that each sink takes."""

    contracts: Contracts
    topics: Sequence[TopicSpec]
    views: Sequence[ViewTerms]
    sinks: Mapping[str, Sequence[str]]
    deployment: Deployment

    @property
    def facts(self) -> Sequence[Contract]:
        """In the order of their names, whatever the files are called."""
        return sorted(self.contracts.values(), key=lambda each: each.type)

    @property
    def fact_topics(self) -> Sequence[TopicSpec]:
        names = {each.topic for each in self.contracts.values()}
        return sorted((each for each in self.topics if each.name in names), key=_name)

    @property
    def all_topics(self) -> Sequence[TopicSpec]:
        return sorted(self.topics, key=_name)


def _name(topic: TopicSpec) -> str:
    return topic.name
