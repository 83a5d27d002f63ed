"""What a code of the linter says, and contracts to show it with."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backbone.contracts.nodes import Json

Found = Iterator[tuple[str, str]]
"""Code and path."""
Changes = Mapping[str, Any]
"""Of the contract that is in order: members of its record; `contract` adds to what is there."""

FILE = "thing_happened.v1.avsc"
KEY: Json = {"name": "thing_id", "type": "string", "doc": "Which."}
MONEY: Json = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
INSTANT: Json = {"type": "long", "logicalType": "timestamp-micros"}
CURRENCY: Json = {"name": "currency", "type": "string", "doc": "Of the price."}
STATE: Json = {
    "type": "enum",
    "name": "State",
    "symbols": ["UNKNOWN", "PAID"],
    "default": "UNKNOWN",
    "doc": "How far it is.",
}
LINE: Json = {"type": "record", "name": "Line", "doc": "One article.", "fields": [KEY]}
IN_ORDER: Json = {
    "type": "record",
    "name": "ThingHappened",
    "namespace": "test",
    "doc": "It happened.",
    "contract": {
        "topic": "test.thing.v1",
        "key": "thing_id",
        "order": "log",
        "owner": "us",
        "system_of_record": "/test",
        "partitions": 2,
        "retention": "30d",
        "freshness_seconds": 60,
        "classification": "internal",
        "residency": "any",
        "status": "active",
    },
    "fields": [KEY],
}


@dataclass(frozen=True, slots=True)
class Example:
    """A contract as it is changed. `before` is how it was registered, `beside` another file."""

    changes: Changes = field(default_factory=dict)
    file: str = FILE
    before: Changes | None = None
    beside: Mapping[str, Changes] = field(default_factory=dict)

    def files(self) -> Mapping[str, str]:
        """Texts by file name."""
        every = {self.file: self.changes, **self.beside}
        return {name: json.dumps(changed(changes)) for name, changes in every.items()}

    def registered(self) -> Mapping[str, list[str]]:
        """As the linter is given earlier versions."""
        if self.before is None:
            return {}
        return {"test.thing.v1-test.ThingHappened": [json.dumps(changed(self.before))]}


@dataclass(frozen=True, slots=True)
class Code:
    """`what` is found, `remedy` mends it, `reason` says why anybody should."""

    what: str
    remedy: str
    reason: str
    bad: Example
    good: Example


def changed(changes: Changes) -> Json:
    contract = {**IN_ORDER["contract"], **changes.get("contract", {})}
    return {**IN_ORDER, **changes, "contract": contract}


def with_field(kind: Any, name: str = "it", **more: Any) -> Example:
    """One more field."""
    return Example(having(kind, name, **more))


def having(kind: Any, name: str = "it", **more: Any) -> Changes:
    return {"fields": [KEY, {"name": name, "type": kind, "doc": "It.", **more}]}


def with_contract(**attributes: Any) -> Example:
    return Example({"contract": attributes})
