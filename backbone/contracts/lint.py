"""Lint: what makes a contract hard to live with, found before anybody has to live with it.

Needs no service. Given the registered versions too, it finds what registries let through.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbone.contracts.catalog import Source, disagreements, read_sources
from backbone.contracts.contract import PII
from backbone.contracts.lint_codes import CODES
from backbone.contracts.nodes import Json, Part, bare, fields, parts
from backbone.contracts.personal import looks_personal

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PASCAL = re.compile(r"([A-Z][a-z0-9]*)+")
_UPPER = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_LAST_WORD = re.compile(r"[A-Z][a-z0-9]*$")
_IRREGULAR = frozenset(
    {
        *(
            "Begun",
            "Bought",
            "Built",
            "Chosen",
            "Done",
            "Drawn",
            "Found",
            "Given",
            "Held",
            "Kept",
            "Left",
        ),
        *("Lost", "Made", "Met", "Paid", "Put", "Read", "Sent", "Set", "Shut", "Sold", "Split"),
        *("Spent", "Taken", "Told", "Withdrawn", "Won", "Written"),
    }
)
_MONEY = re.compile(
    r"(^|_)(price|amount|total|cost|fee|balance|tax|vat|discount|revenue|money)($|_)"
)
_TYPES = frozenset({"record", "enum", "fixed"})

Found = Iterator[tuple[str, str]]
"""Code and path."""


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    file: str
    field: str
    what: str
    remedy: str


def lint(directory: Path, previous: Mapping[str, Sequence[str]] | None = None) -> list[Finding]:
    """Everything found in a directory of contracts, in the order of files and codes.

    `previous` are the registered schema texts by subject, oldest first.
    """
    sources = read_sources(directory)
    problems = [problem for source in sources for problem in source.problems]
    problems += disagreements(sources)
    found = [Finding(each.code, each.file, each.field, each.what, each.remedy) for each in problems]
    for source in sources:
        found += _findings(source.file, _of_style(source))
        found += _findings(source.file, _since(source, previous or {}))
    return sorted(found, key=lambda each: (each.file, each.code, each.field))


def _findings(file: str, found: Found) -> list[Finding]:
    unique = dict.fromkeys(found)
    return [Finding(code, file, path, *CODES[code]) for code, path in unique]


def _of_style(source: Source) -> Found:
    if not source.schema:
        return
    yield from _fact(source)
    for part in parts(source.schema):
        for check in _FIELD_CHECKS if part.is_field else _TYPE_CHECKS:
            yield from ((code, part.path) for code in check(part))


def _fact(source: Source) -> Found:
    name, last = str(source.schema.get("name")), ""
    found = _LAST_WORD.search(name)
    last = found[0] if found else ""
    if not _PASCAL.fullmatch(name) or not (last.endswith("ed") or last in _IRREGULAR):
        yield "N001", ""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    if Path(source.file).name.partition(".")[0] != snake:
        yield "N002", ""
    if not source.schema.get("namespace") and "." not in name:
        yield "N005", ""


def _type_names(part: Part) -> Iterator[str]:
    if part.node.get("type") == "record" and part.above and not _PASCAL.fullmatch(part.name):
        yield "N007"
    if part.node.get("type") in _TYPES and not _said(part.node):
        yield "O001"
    if "aliases" in part.node:
        yield "T007"


def _enum(part: Part) -> Iterator[str]:
    if part.node.get("type") != "enum":
        return
    symbols = part.node.get("symbols")
    listed = symbols if isinstance(symbols, list) else []
    if not all(_UPPER.fullmatch(str(each)) for each in listed):
        yield "N004"
    if "default" not in part.node:
        yield "T002"


def _field_names(part: Part) -> Iterator[str]:
    if not _SNAKE.fullmatch(part.name):
        yield "N003"
    if not _said(part.node):
        yield "O001"
    if "aliases" in part.node:
        yield "T007"
    if looks_personal(part.name) and not _judged(part):
        yield "P001"


def _judged(part: Part) -> bool:
    """Whether somebody has said, by a tag or an empty list of tags, what the field is."""
    above = any(PII in each.get("confluent:tags", ()) for each in part.above)
    return above or "confluent:tags" in part.node


def _field_type(part: Part) -> Iterator[str]:
    declared = part.node.get("type")
    if isinstance(declared, list) and "null" in declared:
        default = part.node.get("default", "none at all")
        if declared[0] != "null" or default is not None:
            yield "T001"
    inner = bare(declared)
    instant = inner.get("logicalType") == "timestamp-micros"
    if instant and not part.name.endswith("_at"):
        yield "N006"
    if part.name.endswith("_at") and not instant:
        yield "T003"
    if inner.get("type") in {"bytes", "fixed"} and inner.get("logicalType") != "decimal":
        yield "T006"


def _money(part: Part) -> Iterator[str]:
    if not _MONEY.search(part.name):
        return
    inner = bare(part.node.get("type"))
    if inner.get("type") in {"float", "double"}:
        yield "T005"
    near = [str(each.get("name")) for record in part.above for each in fields(record)]
    if inner.get("logicalType") == "decimal" and not any("currency" in name for name in near):
        yield "T004"


_TYPE_CHECKS: Sequence[Callable[[Part], Iterator[str]]] = (_type_names, _enum)
_FIELD_CHECKS: Sequence[Callable[[Part], Iterator[str]]] = (_field_names, _field_type, _money)


def _since(source: Source, previous: Mapping[str, Sequence[str]]) -> Found:
    if source.contract is None:
        return
    ours = _meanings(source.contract.schema)
    for text in previous.get(source.contract.subject, ()):
        earlier = _meanings(json.loads(text))
        for path in [path for path in earlier if earlier[path] != ours.get(path, earlier[path])]:
            yield "D001" if earlier[path][0] == ours[path][0] == "decimal" else "D002", path


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


def _said(node: Json) -> bool:
    doc = node.get("doc")
    return isinstance(doc, str) and bool(doc.strip())
