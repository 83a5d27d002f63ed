"""Types of one name in several contracts: inlined, and so held equal here."""

import json
from collections.abc import Iterator, Sequence

from backbone.contracts.catalog import Source
from backbone.contracts.nodes import Json, full_name

_NAMED = frozenset({"record", "enum", "fixed"})


def unequal(sources: Sequence[Source]) -> Iterator[tuple[str, str]]:
    """File and full name of each type that is defined otherwise in an earlier file."""
    known: dict[str, str] = {}
    every = ((source.file, each) for source in sources for each in _types(source.schema, "", 0))
    for file, (name, node) in every:
        text = json.dumps(node, sort_keys=True)
        if known.setdefault(name, text) != text:
            yield file, name


def _types(node: object, namespace: str, depth: int) -> Iterator[tuple[str, Json]]:
    """Every named type below the fact itself, with its full name."""
    if isinstance(node, list):
        for each in node:
            yield from _types(each, namespace, depth)
    if not isinstance(node, dict):
        return
    inside = namespace
    if str(node.get("type")) in _NAMED and isinstance(node.get("name"), str):
        name = full_name(node["name"], str(node.get("namespace", namespace)))
        inside = name.rpartition(".")[0]
        if depth:
            yield name, node
    for member in ("fields", "items", "values", "type"):
        if isinstance(node.get(member), list | dict):
            yield from _types(node[member], inside, depth + 1)
