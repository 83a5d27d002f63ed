"""Contract: one fact's schema with what its owners promise about it, as avro/ holds it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from backbone.contracts.shape import Array, Map, Nullable, Record, Shape, read_shape

PII = "PII"
LOG_ORDER = "log"

# What is registered: structure, documentation, tags and value rules. Everything else is
# operational; in the registry, a change of owner would make a new schema id.
_REGISTERED = frozenset(
    {
        *("type", "name", "namespace", "doc", "aliases", "default"),
        *("fields", "order", "items", "values", "symbols", "size"),
        *("logicalType", "precision", "scale", "confluent:tags", "rules"),
    }
)


@dataclass(frozen=True, eq=False)
class Contract:
    """A fact's contract. `type` is the Avro full name, `order` is "log" or a field's name.

    `retention` is "forever" or days ("30d"). `erasure_subject` is the path of the field that says
    whose personal data it is. `sunset` is a day, such as "2027-06-30". Made by `Contracts.load`,
    which has checked it; two contracts are equal only when they are the same one.
    """

    type: str
    major: int
    schema: Mapping[str, Any]
    topic: str
    key: str
    order: str
    partitions: int
    retention: str
    owner: str
    system_of_record: str
    freshness_seconds: int
    classification: str
    residency: str
    status: str
    expected_per_day: int | None = None
    erasure_subject: str | None = None
    erasure_reason: str | None = None
    sunset: str | None = None
    suppressions: Sequence[Mapping[str, str]] = ()

    @property
    def name(self) -> str:
        return self.type.rpartition(".")[2]

    @property
    def namespace(self) -> str:
        return self.type.rpartition(".")[0]

    @property
    def subject(self) -> str:
        """TopicRecordName: several facts share a topic, each with versions of its own."""
        return f"{self.topic}-{self.type}"

    @property
    def ce_type(self) -> str:
        return f"{self.type}.v{self.major}"

    @cached_property
    def registered(self) -> str:
        """The JSON text to register: the same contract gives the same text, whatever its layout."""
        return registered_text(self.schema)

    @cached_property
    def shape(self) -> Record:
        return read_shape(self.schema)

    @cached_property
    def pii(self) -> frozenset[str]:
        """Dotted paths of the fields tagged PII, lists and maps passed through ("lines.note")."""
        return frozenset(_tagged(self.shape, ""))


@dataclass(frozen=True, slots=True)
class TopicTerms:
    """What all facts of a topic agree on."""

    name: str
    partitions: int
    retention: str
    key: str


def registered_text(schema: Mapping[str, Any]) -> str:
    """What is registered of a contract file: see `Contract.registered`."""
    return json.dumps(_stripped(schema), sort_keys=True, separators=(",", ":"))


def _stripped(node: Any) -> Any:
    """Leave out what is operational. Defaults and rules are values: kept as they are."""
    if isinstance(node, list):
        return [_stripped(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    return {
        name: value if name in {"default", "rules"} else _stripped(value)
        for name, value in node.items()
        if name in _REGISTERED
    }


def _tagged(shape: Shape, path: str) -> Iterator[str]:
    match shape:
        case Nullable(inner) | Array(inner) | Map(inner):
            yield from _tagged(inner, path)
        case Record():
            for field in shape.fields:
                here = f"{path}.{field.name}" if path else field.name
                yield from [here] if PII in field.tags | _record_tags(field.shape) else []
                yield from _tagged(field.shape, here)


def _record_tags(shape: Shape) -> frozenset[str]:
    match shape:
        case Nullable(inner) | Array(inner) | Map(inner):
            return _record_tags(inner)
        case Record():
            return shape.tags
    return frozenset()
