"""typescript/: an interface per record, of the JSON that the gateway shows and the outbox takes."""

import json
import textwrap
from collections.abc import Iterator, Mapping

from backbone.contracts.contract import Contract
from backbone.contracts.shape import Array, Field, Leaf, Map, Nullable, Record, Shape
from backbone.generation.estate import Estate, Files
from backbone.generation.naming import local_names, named_types, path_of

_WRITTEN = "// Written by `backbone contracts generate`: do not edit."
_SCALARS: Mapping[str, tuple[str, str]] = {
    "Decimal": ("string", "A decimal as text: a JSON number would lose its digits."),
    "Instant": ("string", "An instant in UTC, as in 2011-10-04T10:00:00.000000Z."),
    "Day": ("string", "A day, as in 2011-10-04."),
    "Uuid": ("string", "36 characters, lower case."),
    "Long": ("number", "A whole number of 64 bits: beyond 2 ** 53 JavaScript rounds it."),
    "Bytes": ("string", "No document shows bytes."),
}
_TYPES: Mapping[str, str] = {
    "boolean": "boolean",
    "int": "number",
    "long": "Long",
    "float": "number",
    "double": "number",
    "string": "string",
    "bytes": "Bytes",
    "fixed": "Bytes",
    "decimal": "Decimal",
    "timestamp-micros": "Instant",
    "date": "Day",
    "uuid": "Uuid",
}
_TAKEN = frozenset(
    {*_SCALARS, "Record", "any", "unknown", "never", "string", "number", "boolean", "object"}
    | {"symbol", "bigint", "undefined", "null", "void"}
)


def typescript(estate: Estate) -> Files:
    modules = {path_of(each): _module(each) for each in estate.facts}
    files = {f"typescript/{path}.ts": text for path, text in modules.items()}
    return {**files, "typescript/scalars.ts": _scalars(), "typescript/index.ts": _index(estate)}


def _scalars() -> str:
    each = [
        f"/** {doc} */\nexport type {name} = {made};\n" for name, (made, doc) in _SCALARS.items()
    ]
    return "\n".join([f"{_WRITTEN}\n", *each])


def _index(estate: Estate) -> str:
    """Each fact's data by the fact's name."""
    rows = []
    for each in estate.facts:
        name = local_names(each.shape, _TAKEN)[each.type]
        rows.append(f'  "{each.type}": import("./{path_of(each)}.js").{name};')
    listed = "\n".join(rows)
    return (
        f"{_WRITTEN}\n\n/** The data of every fact, by the fact's name. */\n"
        f"export interface Facts {{\n{listed}\n}}\n\nexport type FactType = keyof Facts;\n"
    )


def _module(contract: Contract) -> str:
    names = local_names(contract.shape, _TAKEN)
    parts = [
        _definition(names[full], each, names) for full, each in named_types(contract.shape).items()
    ]
    used = sorted({each for each in _leaves(contract.shape) if each in _SCALARS})
    up = "../" * contract.type.count(".") or "./"
    imports = [f'import type {{ {", ".join(used)} }} from "{up}scalars.js";\n'] if used else []
    return "\n".join([f"{_WRITTEN}\n", *imports, *parts])


def _leaves(shape: Shape) -> Iterator[str]:
    for each in named_types(shape).values():
        if isinstance(each, Record):
            yield from (_TYPES.get(_kind(field.shape), "") for field in each.fields)


def _kind(shape: Shape) -> str:
    match shape:
        case Leaf():
            return shape.logical or shape.kind
        case Nullable(inner) | Array(inner) | Map(inner):
            return _kind(inner)
    return ""


def _definition(name: str, named: Record | Leaf, names: Mapping[str, str]) -> str:
    if isinstance(named, Leaf):
        return f"export type {name} = {' | '.join(map(json.dumps, named.symbols))};\n"
    lines = [*_doc(named.doc, ""), f"export interface {name} {{"]
    for field in named.fields:
        lines += _doc(_about(field), "  ")
        lines.append(f"  {field.name}: {_type(field.shape, names)};")
    return "\n".join([*lines, "}"]) + "\n"


def _about(field: Field) -> str:
    return " ".join([field.doc, *(f"[{tag}]" for tag in sorted(field.tags))])


def _doc(text: str, indent: str) -> list[str]:
    lines = textwrap.wrap(text.replace("*/", "* /"), 96 - len(indent))
    if len(lines) < 2:  # noqa: PLR2004 - one line needs no block
        return [f"{indent}/** {line} */" for line in lines]
    return [f"{indent}/**", *(f"{indent} * {line}" for line in lines), f"{indent} */"]


def _type(shape: Shape, names: Mapping[str, str]) -> str:
    match shape:
        case Leaf(kind="enum"):
            return names[shape.name]
        case Leaf():
            return _TYPES[shape.logical or shape.kind]
        case Nullable(inner):
            return f"{_type(inner, names)} | null"
        case Array(items):
            return f"Array<{_type(items, names)}>"
        case Map(values):
            return f"{{ [key: string]: {_type(values, names)} }}"
        case Record():
            return names[shape.name]
