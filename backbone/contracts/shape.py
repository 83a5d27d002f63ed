"""Shape: an Avro schema read once into a tree that the rest of the package walks.

Reading refuses what no fact may be written or read with, because a decoder of hostile bytes would
crash, hang or fill the memory: records inside themselves, types without width (an array of 2**40
nulls is seven bytes long), nesting and expansion without bound. It also refuses what this project
does not support, so that nothing is silently read as something else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backbone.contracts.nodes import doc_of, full_name, is_whole, twice
from backbone.contracts.schema_problem import OtherInstant, Recursive, SchemaProblem, ZeroWidth

# Deeper than any fact has a reason to be, and far from where native decoders crash (about 2,000).
MAX_DEPTH = 32
# Fields once every named type is written out where it is used. Without a bound, thirty small
# types that use one another twice make a billion.
MAX_FIELDS = 5_000

PLAIN = frozenset({"boolean", "int", "long", "float", "double", "bytes", "string"})
LOGICAL = {
    "decimal": frozenset({"bytes", "fixed"}),
    "timestamp-micros": frozenset({"long"}),
    "date": frozenset({"int"}),
    "uuid": frozenset({"string"}),
}
_OTHER_INSTANTS = frozenset({"timestamp-millis", "timestamp-nanos"})
_RESERVED = PLAIN | {"null", "record", "enum", "fixed", "array", "map"}
MAX_DECIMAL_BYTES = 16
MAX_PRECISION = 38  # what ClickHouse Decimal128, Arrow and Postgres all hold
LEGAL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _NoDefault:
    def __repr__(self) -> str:
        return "NO_DEFAULT"


NO_DEFAULT = _NoDefault()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value without parts. `logical` is "" where the Avro type stands for itself."""

    kind: str
    logical: str = ""
    precision: int = 0
    scale: int = 0
    size: int = 0
    symbols: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Nullable:
    inner: "Shape"
    null_first: bool = True


@dataclass(frozen=True, slots=True)
class Array:
    items: "Shape"


@dataclass(frozen=True, slots=True)
class Map:
    values: "Shape"


@dataclass(frozen=True, slots=True)
class Field:
    """Equal when read from the same bytes: documentation, tags, rules and defaults do not count."""

    name: str
    shape: "Shape"
    default: Any = field(default=NO_DEFAULT, compare=False)
    doc: str = field(default="", compare=False)
    tags: frozenset[str] = field(default=frozenset(), compare=False)
    rules: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Record:
    name: str
    fields: tuple[Field, ...]
    doc: str = field(default="", compare=False)
    tags: frozenset[str] = field(default=frozenset(), compare=False)
    rules: Sequence[Any] = field(default=(), compare=False)


Shape = Leaf | Nullable | Array | Map | Record


def read_shape(schema: Any) -> Record:
    """Read a record's schema as `json.loads` gives it. Raises SchemaProblem."""
    shape = _Reader().read(schema, "", "", 1)
    if not isinstance(shape, Record):
        raise SchemaProblem("", "a fact is a record")
    if _weight(shape, {}) > MAX_FIELDS:
        raise SchemaProblem("", f"more than {MAX_FIELDS:,} fields once its types are written out")
    return shape


class _Reader:
    def __init__(self) -> None:
        self._named: dict[str, Shape | None] = {}  # None while a type is being read

    def read(self, schema: Any, path: str, namespace: str, depth: int) -> Shape:
        if depth > MAX_DEPTH:
            raise SchemaProblem(path, f"nested deeper than {MAX_DEPTH}")
        if isinstance(schema, str):
            return self._by_name(schema, path, namespace)
        if isinstance(schema, list):
            return self._union(schema, path, namespace, depth)
        if not isinstance(schema, Mapping):
            raise SchemaProblem(path, "is not an Avro type")
        return self._by_type(schema, path, namespace, depth)

    def _by_type(self, schema: Mapping[str, Any], path: str, namespace: str, depth: int) -> Shape:
        kind = schema.get("type")
        match kind:
            case "record":
                shape: Shape = self._record(schema, path, namespace, depth)
            case "enum":
                shape = self._enum(schema, path, namespace)
            case "fixed":
                shape = self._fixed(schema, path, namespace)
            case "array":
                shape = Array(self.read(schema.get("items"), f"{path}[]", namespace, depth + 1))
            case "map":
                shape = Map(self.read(schema.get("values"), f"{path}{{}}", namespace, depth + 1))
            case str() if kind in PLAIN:
                shape = _logical(Leaf(kind), schema, path)
            case _:
                shape = self.read(kind, path, namespace, depth + 1)
        return shape

    def _by_name(self, name: str, path: str, namespace: str) -> Shape:
        if name == "null":
            raise ZeroWidth(path, "null takes no bytes: give the field a type, or leave it out")
        if name in PLAIN:
            return Leaf(name)
        full = full_name(name, namespace)
        if full not in self._named:
            raise SchemaProblem(path, f"uses the type {name!r}, which is not defined before it")
        shape = self._named[full]
        if shape is None:
            raise Recursive(path, f"holds {name!r} inside itself: recursive types are refused")
        return shape

    def _union(self, branches: list[Any], path: str, namespace: str, depth: int) -> Shape:
        others = [branch for branch in branches if branch != "null"]
        if len(branches) != 2 or len(others) != 1:  # noqa: PLR2004 - null and one type
            raise SchemaProblem(path, "only unions of null and one type are supported")
        inner = self.read(others[0], path, namespace, depth + 1)
        if isinstance(inner, Nullable):
            raise SchemaProblem(path, "a union directly inside a union")
        return Nullable(inner, null_first=branches[0] == "null")

    def _define(self, schema: Mapping[str, Any], path: str, namespace: str) -> str:
        own = schema.get("namespace", namespace)
        name = schema.get("name")
        if not isinstance(name, str) or not isinstance(own, str):
            raise SchemaProblem(path, f"a {schema['type']} needs a name")
        full = full_name(name, own)
        if not all(LEGAL_NAME.fullmatch(part) for part in full.split(".")):
            raise SchemaProblem(path, f"{full!r} is not a legal Avro name")
        if full in _RESERVED or full in self._named:
            raise SchemaProblem(path, f"defines {full!r} twice")
        self._named[full] = None
        return full

    def _record(self, schema: Mapping[str, Any], path: str, namespace: str, depth: int) -> Record:
        full = self._define(schema, path, namespace)
        inside = full.rpartition(".")[0]
        listed = schema.get("fields")
        if not isinstance(listed, list) or not listed:
            raise ZeroWidth(path, f"the record {full!r} has no fields")
        fields = tuple(self._field(each, path, inside, depth) for each in listed)
        _refuse_twice([each.name for each in fields], path, "field")
        rules = schema.get("rules", [])
        if not isinstance(rules, list):
            raise SchemaProblem(path, "a record's rules are a list")
        record = Record(full, fields, doc_of(schema), _tags(schema, path), tuple(rules))
        self._named[full] = record
        return record

    def _field(self, entry: Any, path: str, namespace: str, depth: int) -> Field:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            raise SchemaProblem(path, "a field needs a name and a type")
        name = entry["name"]
        here = f"{path}.{name}" if path else name
        if not LEGAL_NAME.fullmatch(name):
            raise SchemaProblem(here, "is not a legal Avro name")
        rules = entry.get("rules", {})
        if not isinstance(rules, Mapping):
            raise SchemaProblem(here, "rules is not an object")
        return Field(
            name=name,
            shape=self.read(entry.get("type"), here, namespace, depth + 1),
            default=entry.get("default", NO_DEFAULT),
            doc=doc_of(entry),
            tags=_tags(entry, here),
            rules=rules,
        )

    def _enum(self, schema: Mapping[str, Any], path: str, namespace: str) -> Leaf:
        full = self._define(schema, path, namespace)
        symbols = schema.get("symbols")
        if not isinstance(symbols, list) or not symbols:
            raise SchemaProblem(path, f"the enum {full!r} has no symbols")
        if not all(isinstance(each, str) and LEGAL_NAME.fullmatch(each) for each in symbols):
            raise SchemaProblem(path, "a symbol is not a legal Avro name")
        _refuse_twice(symbols, path, "symbol")
        if schema.get("default", symbols[0]) not in symbols:
            raise SchemaProblem(path, "its default is not one of its symbols")
        leaf = Leaf("enum", symbols=tuple(symbols), name=full)
        self._named[full] = leaf
        return leaf

    def _fixed(self, schema: Mapping[str, Any], path: str, namespace: str) -> Leaf:
        full = self._define(schema, path, namespace)
        size = schema.get("size")
        if size == 0:
            raise ZeroWidth(path, f"the fixed {full!r} has no bytes")
        if type(size) is not int or not 0 < size <= 1 << 20:
            raise SchemaProblem(path, f"the fixed {full!r} needs a size from 1 to 1,048,576")
        leaf = _logical(Leaf("fixed", size=size, name=full), schema, path)
        self._named[full] = leaf
        return leaf


def _logical(leaf: Leaf, schema: Mapping[str, Any], path: str) -> Leaf:
    logical = schema.get("logicalType")
    if logical is None:
        return leaf
    if isinstance(logical, str) and (logical.startswith("local-") or logical in _OTHER_INSTANTS):
        raise OtherInstant(path, f"{logical} is no instant in UTC with microseconds")
    if not isinstance(logical, str) or leaf.kind not in LOGICAL.get(logical, frozenset()):
        raise SchemaProblem(path, f"logicalType {logical!r} on {leaf.kind} is not supported")
    precision, scale = schema.get("precision", 0), schema.get("scale", 0)
    if logical == "decimal" and not (
        is_whole(precision) and is_whole(scale) and 0 <= scale <= precision and precision >= 1
    ):
        raise SchemaProblem(path, "a decimal needs precision >= 1 and a scale from 0 to precision")
    if logical == "decimal" and (precision > MAX_PRECISION or leaf.size > MAX_DECIMAL_BYTES):
        raise SchemaProblem(path, f"a decimal has at most {MAX_PRECISION} digits in 16 bytes")
    if logical == "decimal":
        return Leaf(leaf.kind, logical, precision, scale, leaf.size, name=leaf.name)
    return Leaf(leaf.kind, logical, size=leaf.size, name=leaf.name)


def _weight(shape: Shape, seen: dict[int, int]) -> int:
    if isinstance(shape, Leaf):
        return 1
    if id(shape) not in seen:
        seen[id(shape)] = 1 + sum(_weight(part, seen) for part in parts(shape))
    return seen[id(shape)]


def parts(shape: Shape) -> tuple[Shape, ...]:
    """List the shapes directly inside."""
    match shape:
        case Nullable(inner) | Array(inner) | Map(inner):
            return (inner,)
        case Record():
            return tuple(each.shape for each in shape.fields)
    return ()


def _refuse_twice(names: Sequence[str], path: str, what: str) -> None:
    for name in twice(names):
        raise SchemaProblem(path, f"has the {what} {name!r} twice")


def _tags(schema: Mapping[str, Any], path: str) -> frozenset[str]:
    tags = schema.get("confluent:tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise SchemaProblem(path, "confluent:tags is not a list of names")
    return frozenset(tags)
