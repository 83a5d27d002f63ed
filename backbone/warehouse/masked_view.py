"""The view of a fact's table in which personal data cannot be seen.

Text becomes `***`, every other value nothing: NULL, or an empty list. What is null stays null, as
in `backbone.contracts.masking`. The view reads with the rights of who made it, so that its readers
need none on the rows beneath it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from backbone.contracts.contract import PII
from backbone.contracts.masking import MASKED
from backbone.contracts.shape import Array, Field, Leaf, Map, Nullable, Record, Shape
from backbone.warehouse.table import LINEAGE, FactTable, column_type, literal, quoted

_TEXT = frozenset({"string", "enum"})


class _Shown(NamedTuple):
    """An expression, and the type of what it gives."""

    sql: str
    type: str


def masked_name(table: FactTable) -> str:
    return f"{table.name}__masked"


def masked_view(table: FactTable) -> str | None:
    """None where the fact holds no personal data: then everybody reads the plain view."""
    if not table.contract.pii:
        return None
    columns = ",\n    ".join([*(quoted(each.name) for each in LINEAGE), *_columns(table)])
    return (
        f"CREATE OR REPLACE VIEW {quoted(masked_name(table))} SQL SECURITY DEFINER AS SELECT\n"
        f"    {columns}\nFROM {quoted(table.rows)} FINAL"
    )


def _columns(table: FactTable) -> Iterator[str]:
    for field in table.contract.shape.fields:
        name = quoted(field.name)
        shown = _field(field, f"{quoted(table.rows)}.{name}", 0)
        yield f"{shown.sql} AS {name}" if shown else name


def _field(field: Field, value: str, depth: int) -> _Shown | None:
    return _hidden(field.shape, value) if PII in field.tags else _within(field.shape, value, depth)


def _within(shape: Shape, value: str, depth: int) -> _Shown | None:
    """None where nothing is to be hidden inside. `depth` names the arguments of functions."""
    match shape:
        case Leaf() | Nullable(Leaf()):
            return None
        case Record() if PII in shape.tags:
            return _hidden(shape, value)
        case Record():
            return _record(shape, value, depth)
        case Nullable(inner) | Array(inner):
            item = _within(inner, f"item{depth}", depth + 1)
            return item and _Shown(
                f"arrayMap(item{depth} -> {item.sql}, {value})", f"Array({item.type})"
            )
        case Map(inner):
            item = _within(inner, f"item{depth}", depth + 1)
            return item and _Shown(
                f"mapApply((name{depth}, item{depth}) -> (name{depth}, {item.sql}), {value})",
                f"Map(String, {item.type})",
            )


def _record(record: Record, value: str, depth: int) -> _Shown | None:
    shown = [_field(each, f"{value}.{quoted(each.name)}", depth) for each in record.fields]
    if not any(shown):
        return None
    members = [
        each or _Shown(f"{value}.{quoted(field.name)}", column_type(field.shape))
        for field, each in zip(record.fields, shown, strict=True)
    ]
    return _tuple(record, members)


def _tuple(record: Record, members: list[_Shown]) -> _Shown:
    names = [quoted(each.name) for each in record.fields]
    types = ", ".join(f"{name} {each.type}" for name, each in zip(names, members, strict=True))
    made = f"Tuple({types})"
    values = ", ".join(each.sql for each in members)
    return _Shown(f"CAST(tuple({values}) AS {made})", made)


def _hidden(shape: Shape, value: str) -> _Shown:
    match shape:
        case Leaf() if shape.kind in _TEXT and not shape.logical:
            return _Shown(literal(MASKED), "String")
        case Nullable(Leaf() as inner) if inner.kind in _TEXT and not inner.logical:
            return _Shown(f"if(isNull({value}), NULL, {literal(MASKED)})", "Nullable(String)")
        case Leaf() | Nullable(Leaf()):
            made = column_type(shape if isinstance(shape, Nullable) else Nullable(shape))
            return _Shown(f"CAST(NULL AS {made})", made)
        case Record():
            members = [_hidden(each.shape, f"{value}.{quoted(each.name)}") for each in shape.fields]
            return _tuple(shape, members)
        case Map():
            return _Shown(f"CAST(map() AS {column_type(shape)})", column_type(shape))
        case Nullable() | Array():
            return _Shown(f"CAST([] AS {column_type(shape)})", column_type(shape))
