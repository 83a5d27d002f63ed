"""A schema as a flat list of its fields, each with all that a reader may depend on.

Made of the JSON, not of the shape: contracts of the past may break today's rules.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backbone.contracts.nodes import fields

ABSENT = "-"
"""Where a field has no default; no default is this text in a list."""
NULL_FIRST, NULL_LAST, LIST, MAP = "?", "!", "[]", "{}"
_NAMED = frozenset({"record", "enum", "fixed"})
_MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Node:
    """A field by its path, lists and maps passed through ("lines.quantity").

    `wrap` is what lies around its value, outside in: null first, null last, list, map; `kind` the
    Avro type inside of all that; `default` a list of the one default, or ABSENT.
    """

    path: str
    place: int
    wrap: tuple[str, ...]
    kind: str
    named: str = ""
    logical: str = ""
    precision: int = 0
    scale: int = 0
    size: int = 0
    symbols: tuple[str, ...] = ()
    enum_default: str = ""
    default: Any = ABSENT
    doc: str = ""
    tags: frozenset[str] = frozenset()
    rules: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()

    @property
    def nullable(self) -> bool:
        return bool(self.wrap) and self.wrap[0] in {NULL_FIRST, NULL_LAST}

    @property
    def type(self) -> str:
        """For people: "decimal(19, 4)?", "OrderLine[]"."""
        inner = self.named.rpartition(".")[2] or self.kind
        if self.logical == "decimal":
            inner = f"decimal({self.precision}, {self.scale})"
        elif self.logical:
            inner = self.logical
        elif self.kind == "fixed":
            inner = f"fixed({self.size})"
        return inner + "".join("?" if each == NULL_LAST else each for each in reversed(self.wrap))


Outline = Mapping[str, Node]


def outline(schema: Mapping[str, Any]) -> Outline:
    """Every field of a record's schema by its path, outside in."""
    reader = _Reader({})
    return {node.path: node for node in reader.record(schema, "", _full(schema, ""), 0)}


@dataclass(frozen=True, slots=True)
class _Reader:
    named: dict[str, Mapping[str, Any]]

    def record(self, schema: Mapping[str, Any], path: str, name: str, depth: int) -> Iterator[Node]:
        self.named[name] = schema
        namespace = name.rpartition(".")[0]
        for place, each in enumerate(fields(schema)):
            here = f"{path}.{each.get('name')}" if path else str(each.get("name"))
            wrap, inner, within = self._unwrapped(each.get("type"), namespace, ())
            yield _node(here, place, wrap, each, inner, within)
            if inner.get("type") == "record" and depth < _MAX_DEPTH:
                yield from self.record(inner, here, _full(inner, within), depth + 1)

    def _unwrapped(
        self, declared: Any, namespace: str, wrap: tuple[str, ...]
    ) -> tuple[tuple[str, ...], Mapping[str, Any], str]:
        """What lies around, the type inside as an object, and the namespace it stands in."""
        if isinstance(declared, list):
            return self._union(declared, namespace, wrap)
        if isinstance(declared, Mapping):
            return self._object(declared, namespace, wrap)
        name = str(declared)
        for full in (f"{namespace}.{name}", name):
            if full in self.named:
                return wrap, self.named[full], full.rpartition(".")[0]
        return wrap, {"type": name}, namespace

    def _union(
        self, branches: list[Any], namespace: str, wrap: tuple[str, ...]
    ) -> tuple[tuple[str, ...], Mapping[str, Any], str]:
        others = [each for each in branches if each != "null"]
        if len(others) != 1 or len(branches) == 1:
            kinds = sorted(str(each) for each in branches)
            return wrap, {"type": f"union of {', '.join(kinds)}"}, namespace
        null = NULL_FIRST if branches[0] == "null" else NULL_LAST
        return self._unwrapped(others[0], namespace, (*wrap, null))

    def _object(
        self, declared: Mapping[str, Any], namespace: str, wrap: tuple[str, ...]
    ) -> tuple[tuple[str, ...], Mapping[str, Any], str]:
        kind = declared.get("type")
        if kind == "array":
            return self._unwrapped(declared.get("items"), namespace, (*wrap, LIST))
        if kind == "map":
            return self._unwrapped(declared.get("values"), namespace, (*wrap, MAP))
        if kind in _NAMED:
            full = _full(declared, namespace)
            self.named[full] = declared
            return wrap, declared, full.rpartition(".")[0]
        if isinstance(kind, str):
            return wrap, declared, namespace
        return self._unwrapped(kind, namespace, wrap)


def _node(
    path: str,
    place: int,
    wrap: tuple[str, ...],
    entry: Mapping[str, Any],
    inner: Mapping[str, Any],
    namespace: str,
) -> Node:
    kind = str(inner.get("type"))
    docs = [entry.get("doc"), inner.get("doc")]
    return Node(
        path=path,
        place=place,
        wrap=wrap,
        kind=kind,
        named=_full(inner, namespace) if kind in _NAMED else "",
        logical=str(inner.get("logicalType", "")),
        precision=inner.get("precision", 0),
        scale=inner.get("scale", 0),
        size=inner.get("size", 0),
        symbols=tuple(map(str, inner.get("symbols", ()))),
        enum_default=str(inner.get("default", "")) if kind == "enum" else "",
        default=[entry["default"]] if "default" in entry else ABSENT,
        doc=" ".join(str(each) for each in docs if each),
        tags=frozenset(map(str, entry.get("confluent:tags", ()))),
        rules=_rules(entry),
        aliases=tuple(map(str, (*entry.get("aliases", ()), *inner.get("aliases", ())))),
    )


def _rules(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    rules = entry.get("rules", {})
    return rules if isinstance(rules, Mapping) else {"rules": rules}


def _full(schema: Mapping[str, Any], namespace: str) -> str:
    name = str(schema.get("name", ""))
    own = str(schema.get("namespace", namespace))
    return name if "." in name or not own else f"{own}.{name}"


full_name = _full
