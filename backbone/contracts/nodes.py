"""A schema file's parts with their paths, as JSON, however wrong the rest of the file is."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A field or a type. `above` are the records around it, the innermost last."""

    path: str
    node: Json
    above: tuple[Json, ...]

    @property
    def name(self) -> str:
        return str(self.node.get("name", ""))

    @property
    def is_field(self) -> bool:
        """Whether it is a record's field rather than a type."""
        return any(self.node is each for each in fields(self.above[-1])) if self.above else False


def fields(record: Json) -> list[Json]:
    listed = record.get("fields")
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def parts(node: Any, path: str = "", above: tuple[Json, ...] = ()) -> Iterator[Part]:
    """Every type and field below a schema, itself included, outside in."""
    if isinstance(node, list):
        for each in node:
            yield from parts(each, path, above)
    if not isinstance(node, dict):
        return
    yield Part(path, node, above)
    if node.get("type") == "record":
        for field in fields(node):
            yield from _field(field, path, (*above, node))
        return
    for inside in ("items", "values", "type"):
        yield from parts(node.get(inside), path, above)


def _field(field: Json, path: str, above: tuple[Json, ...]) -> Iterator[Part]:
    here = f"{path}.{field.get('name')}" if path else str(field.get("name"))
    yield Part(here, field, above)
    yield from parts(field.get("type"), here, above)


def bare(declared: Any) -> Json:
    """The type under a field, null and lists taken away, as an object."""
    if isinstance(declared, list):
        others = [each for each in declared if each != "null"]
        return bare(others[0]) if others else {}
    if isinstance(declared, dict):
        inner = declared.get("items", declared.get("values"))
        if inner is not None:
            return bare(inner)
        kind = declared.get("type")
        return bare(kind) if isinstance(kind, dict | list) else declared
    return {"type": declared}


def full_name(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def doc_of(node: Json) -> str:
    doc = node.get("doc", "")
    return doc if isinstance(doc, str) else ""


def twice(names: Sequence[str]) -> list[str]:
    """Those that stand there more than once."""
    return [name for name, count in Counter(names).items() if count > 1]


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
