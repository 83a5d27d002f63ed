"""D: changes since an earlier version that registries let through, and that harm all the same."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from backbone.contracts.linting.code import INSTANT, KEY, MONEY, Code, Example, Found, having
from backbone.contracts.nodes import Json, bare, fields, parts

_OTHER = {"name": "other_id", "type": "string", "doc": "Another."}

CODES: Mapping[str, Code] = {
    "D001": Code(
        "a decimal's precision or scale changed",
        "add a new field: the registry lets this through",
        "The bytes hold no scale: a reader with the other one sees an amount a hundred times too "
        "large, and no library complains.",
        Example(having({**MONEY, "scale": 2}, "factor"), before=having(MONEY, "factor")),
        Example(having(MONEY, "factor"), before=having(MONEY, "factor")),
    ),
    "D002": Code(
        "a logical type changed",
        "add a new field: the registry lets this through",
        "The bytes stay the same and mean something else.",
        Example(having(INSTANT, "seen_at"), before=having("long", "seen_at")),
        Example(having(INSTANT, "seen_at"), before=having(INSTANT, "seen_at")),
    ),
    "D003": Code(
        "the key is another one than before",
        "keep the key; facts of another key are another topic",
        "The key decides the partition. With another key, old and new facts of one thing stand in "
        "different partitions, and their order is gone.",
        Example({"fields": [KEY]}, before={"fields": [_OTHER], "contract": {"key": "other_id"}}),
        Example({"fields": [KEY]}, before={"fields": [KEY]}),
    ),
}


def since(schema: Json, earlier: Sequence[str]) -> Found:
    """What changed since any of the earlier versions, as they are registered or as files."""
    ours = _meanings(schema)
    for text in earlier:
        before = json.loads(text)
        theirs = _meanings(before)
        for path in [path for path in theirs if theirs[path] != ours.get(path, theirs[path])]:
            yield "D001" if theirs[path][0] == ours[path][0] == "decimal" else "D002", path
        if _has_other_key(schema, before):
            yield "D003", "contract.key"


def _has_other_key(schema: Json, before: Any) -> bool:
    """A registered version says no key; it is known by its fields, where it says any."""
    key = schema.get("contract", {}).get("key")
    said = before.get("contract", {}).get("key", key)
    kinds = {each.get("name"): bare(each.get("type")).get("type") for each in fields(before)}
    return said != key or (bool(kinds) and kinds.get(key) != "string")


def _meanings(schema: Any) -> dict[str, tuple[Any, Any, Any]]:
    """By path, what a reader makes of the bytes beyond their Avro type."""
    return {
        part.path: _meaning(bare(part.node.get("type"))) for part in parts(schema) if part.is_field
    }


def _meaning(inner: Json) -> tuple[Any, Any, Any]:
    logical = inner.get("logicalType")
    if logical != "decimal":
        return logical, None, None
    return logical, inner.get("precision"), inner.get("scale", 0)
