"""Avro's rules of schema resolution, offline: whether old and new can read one another.

The only module that imports the `avro` package. It ignores logical types, as registries do: a
decimal's scale is the linter's business.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from avro.compatibility import (
    ReaderWriterCompatibilityChecker,
    SchemaCompatibilityResult,
    SchemaCompatibilityType,
)
from avro.constants import PRIMITIVE_TYPES
from avro.errors import AvroException
from avro.schema import Schema
from avro.schema import parse as parse_avro

_NAMELESS = frozenset({*PRIMITIVE_TYPES, "array", "map"})


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two versions of which one cannot read the other.

    `version` counts the earlier ones from 1 (0: the new schema is no schema at all); `forward`: it
    is the earlier one that cannot read the new. `fields` are paths; empty for the record itself.
    """

    version: int
    forward: bool
    fields: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        if not self.version:
            return self.reason
        earlier = f"version {self.version}"
        said = (
            f"{earlier} cannot read the new schema"
            if self.forward
            else f"the new schema cannot read {earlier}"
        )
        return f"{said}: {', '.join(self.fields) or 'the record'}: {self.reason}"


def full_transitive(earlier: Sequence[str], new: str) -> list[str]:
    """Say what breaks between a new schema and all earlier ones, both ways; [] if nothing."""
    return [str(each) for each in conflicts(earlier, new)]


def conflicts(earlier: Sequence[str], new: str) -> list[Conflict]:
    """As `full_transitive`, by version and field."""
    try:
        _parsed(new)
    except AvroException as error:
        return [Conflict(0, False, (), f"not a valid Avro schema: {error}")]
    found: list[Conflict] = []
    for version, old in enumerate(earlier, start=1):
        if old != new:
            theirs, ours = _without_what_both_have(old, new)
            found += _unreadable(theirs, ours, version, forward=True)
            found += _unreadable(ours, theirs, version, forward=False)
    return found


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Schema:
    return parse_avro(text)


def _without_what_both_have(one: str, other: str) -> tuple[str, str]:
    """The same two records without the fields that are the same in both: what a field is judged by
    stands in it, unless a type has a name. Most of the time goes into the rest."""
    theirs, ours = _fields_by_text(one), _fields_by_text(other)
    both = _nameless(theirs) & ours.keys()
    return _left(one, theirs, both), _left(other, ours, both)


@lru_cache(maxsize=4096)
def _fields_by_text(text: str) -> Mapping[str, Any]:
    fields = json.loads(text).get("fields", ())
    return {json.dumps(field): field for field in fields}


def _nameless(fields: Mapping[str, Any]) -> set[str]:
    return {text for text, field in fields.items() if _is_nameless(field.get("type"))}


def _left(text: str, fields: Mapping[str, Any], both: set[str]) -> str:
    if not both:
        return text
    left = [field for each, field in fields.items() if each not in both]
    return json.dumps({**json.loads(text), "fields": left})


def _is_nameless(declared: Any) -> bool:
    if isinstance(declared, list):
        return all(map(_is_nameless, declared))
    if isinstance(declared, dict):
        return all(_is_nameless(declared.get(each, "null")) for each in ("type", "items", "values"))
    return declared in _NAMELESS


def _unreadable(reader: str, writer: str, version: int, *, forward: bool) -> Iterator[Conflict]:
    result = _judged(_parsed(reader), _parsed(writer))
    if result.compatibility is SchemaCompatibilityType.compatible:
        return
    found = {_field(json.loads(reader), location) for location in result.locations} - {""}
    fields = tuple(sorted(found or _searched(reader, writer)))
    reasons = "; ".join(_reason(message, fields) for message in sorted(result.messages))
    yield Conflict(version, forward, fields, reasons)


def _judged(reader: Schema, writer: Schema) -> SchemaCompatibilityResult:
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # typed by halves
    return checker.get_compatibility(reader=reader, writer=writer)


def _searched(reader: str, writer: str) -> set[str]:
    """Fields that cannot be read by themselves: of a union the checker does not say where it is."""
    written = {each.name: each.type for each in getattr(_parsed(writer), "fields", ())}
    return {
        each.name
        for each in getattr(_parsed(reader), "fields", ())
        if each.name in written
        and _judged(each.type, written[each.name]).compatibility
        is not SchemaCompatibilityType.compatible
    }


def _reason(message: str, fields: Sequence[str]) -> str:
    """The checker's words are "{'PAID'}", "expected: a.B" and a bare field's name."""
    if any(path == message or path.endswith(f".{message}") for path in fields):
        return "missing, and has no default"
    if message.startswith("{"):
        symbols = message.strip("{}").replace("'", "")
        return f"the reader has neither {symbols} nor a default symbol"
    if ", found: " in message:
        return f"its size differs: {message}"
    return message.replace("expected: ", "its type is named otherwise; expected ")


def _field(schema: Any, location: str) -> str:
    """Collect the dotted field names along a location such as /fields/2/type/items."""
    names: list[str] = []
    node, above = schema, ""
    for step in location.strip("/").split("/"):
        if isinstance(node, dict) and step in node:
            node = node[step]
        elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
            names += [node["name"]] if above == "fields" else []
        above = step
    return ".".join(names)
