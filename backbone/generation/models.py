"""facts/: a TypedDict per record, as handlers read `fact.data`.

A TypedDict costs nothing: what the codec gives is one already, where a dataclass would have to be
made of every fact (docs/decisions/0014-typed-facts.md).
"""

import keyword
import re
import textwrap
from collections.abc import Iterator, Mapping

from backbone.contracts.contract import Contract
from backbone.contracts.shape import Array, Field, Leaf, Map, Nullable, Record, Shape
from backbone.generation.estate import Estate, Files
from backbone.generation.naming import local_names, named_types, path_of
from backbone.snake_case import snake_case

WRITTEN = "Written by `backbone contracts generate`: do not edit."
_WIDTH = 96
_TYPES: Mapping[str, str] = {
    "boolean": "bool",
    "int": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "string": "str",
    "bytes": "bytes",
    "fixed": "bytes",
    "decimal": "Decimal",
    "timestamp-micros": "datetime",
    "date": "date",
    "uuid": "str",
}
_IMPORTS: Mapping[str, tuple[str, ...]] = {
    "datetime": ("date", "datetime"),
    "decimal": ("Decimal",),
    "typing": ("Final", "Literal", "TypedDict"),
}
_TAKEN = frozenset({"bool", "bytes", "dict", "float", "int", "list", "str"}).union(
    *_IMPORTS.values(), keyword.kwlist
)


def models(estate: Estate) -> Files:
    modules = {f"{_module_path(each)}.py": _module(each) for each in estate.facts}
    return {**_packages(modules), **modules}


def _module_path(contract: Contract) -> str:
    words = path_of(contract).split("/")
    return "/".join(["facts", *(f"{each}_" if keyword.iskeyword(each) else each for each in words)])


def _packages(modules: Mapping[str, str]) -> Files:
    folders = {""}
    for module in modules:
        words = module.split("/")[:-1]
        folders |= {"/".join(words[: end + 1]) + "/" for end in range(len(words))}
    return {f"{folder}__init__.py": f'"""{WRITTEN}"""\n' for folder in sorted(folders)}


def _module(contract: Contract) -> str:
    names = local_names(contract.shape, _TAKEN)
    constant = snake_case(contract.name).upper()
    body = [f'{constant}: Final = "{contract.type}"\n', *_definitions(contract.shape, names)]
    text = "\n\n".join(body)
    doc = _docstring(f"{contract.type}: {contract.shape.doc}\n\n{WRITTEN}", "")
    return "\n".join([*doc, "", *_imports(text), "", text])


def _definitions(shape: Record, names: Mapping[str, str]) -> Iterator[str]:
    for full, named in named_types(shape).items():
        if isinstance(named, Leaf):
            yield _enum(names[full], named)
        elif any(keyword.iskeyword(each.name) for each in named.fields):
            yield _in_brackets(names[full], named, names)
        else:
            yield _class(names[full], named, names)


def _enum(name: str, leaf: Leaf) -> str:
    symbols = ", ".join(f'"{each}"' for each in leaf.symbols)
    return f"{name} = Literal[{symbols}]\n"


def _class(name: str, record: Record, names: Mapping[str, str]) -> str:
    lines = [f"class {name}(TypedDict):"]
    lines += [*_docstring(record.doc, "    "), ""] if record.doc else []
    for field in record.fields:
        lines += _comment(field)
        lines.append(f"    {field.name}: {_type(field.shape, names)}")
    return "\n".join(lines) + "\n"


def _in_brackets(name: str, record: Record, names: Mapping[str, str]) -> str:
    """Where a field is called as one of Python's own words."""
    lines = [f"{name} = TypedDict(", f'    "{name}",', "    {"]
    for field in record.fields:
        lines += [f"    {line}" for line in _comment(field)]
        lines.append(f'        "{field.name}": {_type(field.shape, names)},')
    return "\n".join([*lines, "    },", ")"]) + "\n"


def _comment(field: Field) -> Iterator[str]:
    tags = "".join(f" [{tag}]" for tag in sorted(field.tags))
    for line in textwrap.wrap(f"{field.doc}{tags}", _WIDTH - 6):
        yield f"    # {line}"


def _docstring(doc: str, indent: str) -> list[str]:
    text = doc.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if text.endswith('"'):
        text = f'{text[:-1]}\\"'
    lines = [line for part in text.split("\n") for line in textwrap.wrap(part, _WIDTH - 8) or [""]]
    first, *rest = [f"{indent}{line}".rstrip() for line in lines]
    opened = f'{indent}"""{first.strip()}'
    return [opened, *rest, f'{indent}"""'] if rest else [f'{opened}"""']


def _type(shape: Shape, names: Mapping[str, str]) -> str:
    match shape:
        case Leaf(kind="enum"):
            return names[shape.name]
        case Leaf():
            return _TYPES[shape.logical or shape.kind]
        case Nullable(inner):
            return f"{_type(inner, names)} | None"
        case Array(items):
            return f"list[{_type(items, names)}]"
        case Map(values):
            return f"dict[str, {_type(values, names)}]"
        case Record():
            return names[shape.name]


def _imports(text: str) -> Iterator[str]:
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for module, offered in _IMPORTS.items():
        used = [each for each in offered if re.search(rf"(?<![\w.\"]){each}(?![\w\"])", code)]
        if used:
            yield f"from {module} import {', '.join(used)}"
