"""json-schema/: each fact as JSON, as the gateway shows it and the outbox takes it (2020-12).

What is taken by this schema `backbone.contracts.parse` takes, and what a document shows fits it.
Rules that JSON Schema has no word for, such as bounds of a decimal
and rules across fields, stand under `x-rules`.
"""

from collections.abc import Mapping
from typing import Any

from backbone.contracts.contract import Contract
from backbone.contracts.shape import (
    NO_DEFAULT,
    Array,
    Field,
    Leaf,
    Map,
    Nullable,
    Record,
    Shape,
)
from backbone.generation.estate import Estate, Files
from backbone.generation.json_text import json_text
from backbone.generation.naming import local_names, named_types, path_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6}0{0,3})?"
_LEAVES: Mapping[str, Mapping[str, Any]] = {
    "boolean": {"type": "boolean"},
    "int": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "long": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "string": {"type": "string"},
    "bytes": {"not": {}, "$comment": "no document shows bytes"},
    "fixed": {"not": {}, "$comment": "no document shows bytes"},
    "timestamp-micros": {
        "type": "string",
        "format": "date-time",
        "pattern": f"^{_DAY}T{_TIME}(Z|[+-][0-9]{{2}}:[0-9]{{2}})$",
    },
    "date": {"type": "string", "format": "date", "pattern": f"^{_DAY}$"},
    "uuid": {
        "type": "string",
        "format": "uuid",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    },
}
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_PLAIN = frozenset({"maxLength", "minLength", "minItems", "maxItems", "uniqueItems", *_BOUNDS})


def json_schema(estate: Estate) -> Files:
    return {
        f"json-schema/{path_of(each)}.schema.json": json_text(fact_schema(each))
        for each in estate.facts
    }


def fact_schema(contract: Contract) -> dict[str, Any]:
    names = local_names(contract.shape, ())
    definitions = {
        names[full]: _definition(each, names)
        for full, each in named_types(contract.shape).items()
        if each is not contract.shape
    }
    return {
        "$schema": DIALECT,
        "$id": f"urn:fact:{contract.ce_type}",
        "title": contract.name,
        **_definition(contract.shape, names),
        **({"$defs": definitions} if definitions else {}),
    }


def _definition(named: Record | Leaf, names: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(named, Leaf):
        return {"type": "string", "enum": list(named.symbols)}
    made: dict[str, Any] = {"description": named.doc} if named.doc else {}
    return made | {
        "type": "object",
        "properties": {each.name: _property(each, names) for each in named.fields},
        "required": [each.name for each in named.fields if each.default is NO_DEFAULT],
        "additionalProperties": False,
        **({"x-rules": list(named.rules)} if named.rules else {}),
    }


def _property(field: Field, names: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {"description": field.doc} if field.doc else {}
    made |= _ruled(field, names)
    if field.default is not NO_DEFAULT:
        made["default"] = field.default
    if field.tags:
        made["x-tags"] = sorted(field.tags)
    return made


def _ruled(field: Field, names: Mapping[str, str]) -> dict[str, Any]:
    """Rules are asked of values that are not null."""
    shape = field.shape.inner if isinstance(field.shape, Nullable) else field.shape
    made = dict(_shown(shape, names))
    foreign: dict[str, Any] = {}
    for name, given in field.rules.items():
        if name in _PLAIN and not _is_decimal(shape):
            made[name] = _tighter(name, made.get(name), given)
        elif name == "pattern" and "pattern" not in made:
            # Avro's rule is of the whole text: ^a|b$ would end after the a elsewhere
            made[name] = f"^(?:{given[1:-1]})$"
        else:
            foreign[name] = given
    if foreign:
        made["x-rules"] = foreign
    return _or_null(made) if isinstance(field.shape, Nullable) else made


def _is_decimal(shape: Shape) -> bool:
    return isinstance(shape, Leaf) and shape.logical == "decimal"


def _tighter(name: str, known: Any, given: Any) -> Any:
    if known is None:
        return given
    return min(known, given) if "max" in name.lower() else max(known, given)


def _shown(shape: Shape, names: Mapping[str, str]) -> Mapping[str, Any]:
    match shape:
        case Leaf(kind="enum") | Record():
            return {"$ref": f"#/$defs/{names[shape.name]}"}
        case Leaf(logical="decimal"):
            return {"type": "string", "pattern": _decimal(shape)}
        case Leaf():
            return _LEAVES[shape.logical or shape.kind]
        case Nullable(inner):
            return _or_null(_shown(inner, names))
        case Array(items):
            return {"type": "array", "items": _shown(items, names)}
        case Map(values):
            return {"type": "object", "additionalProperties": _shown(values, names)}


def _or_null(made: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(made.get("type"), str):
        return {**made, "type": [made["type"], "null"]}
    return {"anyOf": [made, {"type": "null"}]}


def _decimal(leaf: Leaf) -> str:
    whole = leaf.precision - leaf.scale
    front = f"[0-9]{{1,{whole}}}" if whole else "0"
    return f"^-?{front}(\\.[0-9]{{1,{leaf.scale}}})?$" if leaf.scale else f"^-?{front}$"
