"""The schema that the columnar engine reads with: other types, the same bytes.

It is made from the writer's shape, so that nothing is left to the engine's own reading of it:
named types are written out where they are used, under fresh names; enums, ints, dates and instants
are longs, a boolean is one fixed byte and a decimal its bytes, so that what the engine would let
through or take for something else stays visible; which of two branches is null is kept. Decided
here, once per schema: whether the columnar engine can read it at all.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from backbone.contracts.contract import Contract
from backbone.contracts.domain import accept
from backbone.contracts.shape import NO_DEFAULT, Array, Field, Leaf, Map, Nullable, Record, Shape
from backbone.contracts.walk import Unfit

# No Avro name looks like these.
ROW = "#row"
GUARD = "#guard"

_SAME = frozenset({"string", "bytes", "float", "double"})
_WIDTHS = {"float": 4, "double": 8}


class Unsupported(Exception):
    """A schema for the row engine; says why."""


def decode_schema(shape: Record) -> dict[str, Any]:
    """Rewrite the writer's schema, guards included. Raises Unsupported."""
    names = (f"n{number}" for number in count())
    long = {"type": "long"}
    fields = [{"name": ROW, **long}, *_fields(shape, names), {"name": GUARD, **long}]
    return {"type": "record", "name": "guarded", "fields": fields}


def _fields(shape: Record, names: Iterator[str]) -> list[dict[str, Any]]:
    return [{"name": each.name, "type": _type(each.shape, names)} for each in shape.fields]


def _type(shape: Shape, names: Iterator[str]) -> Any:
    match shape:
        case Leaf():
            return _leaf(shape, names)
        case Nullable(inner):
            rewritten = _type(inner, names)
            return ["null", rewritten] if shape.null_first else [rewritten, "null"]
        case Array(items):
            return {"type": "array", "items": _type(items, names)}
        case Map():
            raise Unsupported("it has a map")
        case Record():
            return {"type": "record", "name": next(names), "fields": _fields(shape, names)}


def _leaf(leaf: Leaf, names: Iterator[str]) -> Any:
    if leaf.kind in _SAME:
        return leaf.kind
    if leaf.kind in {"boolean", "fixed"}:
        return {"type": "fixed", "name": next(names), "size": fixed_width(leaf)}
    return "long"


def fixed_width(leaf: Leaf) -> int:
    """How many bytes every value of this type takes; 0 where that depends on the value."""
    return 1 if leaf.kind == "boolean" else leaf.size or _WIDTHS.get(leaf.kind, 0)


def added_fields(written: Record, contract: Contract) -> Mapping[str, Any]:
    """Which fields of the contract the writer does not have, with the defaults they take.

    Raises Unsupported where reading takes more than adding and leaving out whole fields: types that
    are promoted, enums that grew, aliases.
    """
    theirs = {each.name: each.shape for each in written.fields}
    if written != contract.shape and _has_aliases(contract.schema):
        raise Unsupported("it is read with aliases")
    for ours in contract.shape.fields:
        if theirs.get(ours.name, ours.shape) != ours.shape:
            raise Unsupported(f"{ours.name} was written with another type")
    return {
        each.name: _plain_default(each) for each in contract.shape.fields if each.name not in theirs
    }


def _has_aliases(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_has_aliases(each) for each in schema)
    if not isinstance(schema, Mapping):
        return False
    return "aliases" in schema or any(_has_aliases(each) for each in schema.values())


def _plain_default(field: Field) -> Any:
    if field.default is None and isinstance(field.shape, Nullable):
        return None
    if field.default is NO_DEFAULT or not isinstance(field.shape, Leaf) or field.shape.logical:
        raise Unsupported(f"{field.name} was not written and has no plain default")
    try:
        return accept(field.shape)(field.default)
    except Unfit:
        raise Unsupported(f"{field.name} has a default outside of its type") from None


def samples(shape: Record) -> tuple[bytes, bytes]:
    """Two smallest payloads: every optional value absent, and every one present."""
    return _sample(shape, present=False), _sample(shape, present=True)


def _sample(shape: Shape, *, present: bool) -> bytes:
    match shape:
        case Leaf():
            is_sized_decimal = shape.logical == "decimal" and not shape.size
            return b"\2\0" if is_sized_decimal else bytes(fixed_width(shape) or 1)
        case Nullable(inner):
            branch = b"\2" if present is shape.null_first else b"\0"
            return branch + _sample(inner, present=True) if present else branch
        case Array(items):
            return b"\2" + _sample(items, present=True) + b"\0" if present else b"\0"
        case Map():
            raise Unsupported("it has a map")
        case Record():
            return b"".join(_sample(each.shape, present=present) for each in shape.fields)
