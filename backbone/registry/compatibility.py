"""Avro's rules of schema resolution, offline: whether old and new can read one another.

The only module that imports the `avro` package. It ignores logical types, as registries do: a
decimal's scale is the linter's business.
"""

import json
from collections.abc import Sequence
from typing import Any

from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.errors import AvroException
from avro.schema import parse


def full_transitive(earlier: Sequence[str], new: str) -> list[str]:
    """Say what breaks between a new schema and all earlier ones, both ways; [] if nothing."""
    try:
        parse(new)
    except AvroException as error:
        return [f"not a valid Avro schema: {error}"]
    found: list[str] = []
    for version, old in enumerate(earlier, start=1):
        found += _unreadable(old, new, f"version {version} cannot read the new schema")
        found += _unreadable(new, old, f"the new schema cannot read version {version}")
    return found


def _unreadable(reader: str, writer: str, headline: str) -> list[str]:
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # typed by halves
    result = checker.get_compatibility(reader=parse(reader), writer=parse(writer))
    if result.compatibility is SchemaCompatibilityType.compatible:
        return []
    fields = {_field(json.loads(reader), location) for location in result.locations}
    places = ", ".join(sorted(fields - {""})) or "the record"
    reasons = "; ".join(_reason(message, places) for message in sorted(result.messages))
    return [f"{headline}: {places}: {reasons}"]


def _reason(message: str, places: str) -> str:
    # For a field that a reader cannot fill, the checker's whole message is the field's name.
    return "missing, and has no default" if message in places.split(", ") else message


def _field(schema: Any, location: str) -> str:
    """Collect the dotted field names along a location such as /fields/2/type/items."""
    names: list[str] = []
    node = schema
    for step in location.strip("/").split("/"):
        if isinstance(node, dict) and step in node:
            node = node[step]
        elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
            names += [node["name"]] if isinstance(node, dict) and "name" in node else []
    return ".".join(names)
