"""What `backbone new` writes: a file from a template, and a row where it belongs."""

import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from backbone.errors import Misconfigured

TEMPLATES = Path(__file__).parent / "scaffolds"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_COMPOSE = "docker-compose.yml"


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a new one of a kind belongs. `section` is the comment in docker-compose.yml before
    which its role stands."""

    noun: str
    folder: str
    section: str


SOURCE = Kind("source", "producers", "  # facts become views\n")
VIEW = Kind("view", "processors", "  # facts leave\n")
SINK = Kind("sink", "consumers", "  # views are read\n")


def filled(template: str, names: Mapping[str, str]) -> str:
    return Template((TEMPLATES / f"{template}.template").read_text()).substitute(names)


def new_part(root: Path, kind: Kind, offered: str, names: Mapping[str, str]) -> Sequence[str]:
    """Write a source, a view or a sink, its row and its role; `offered` is what its module offers
    to the catalog. Returns the paths; raises Misconfigured, and then nothing was written."""
    name = names["name"]
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise Misconfigured(f"{name} is no name of a {kind.noun}: write it like stock-levels")
    module = name.replace("-", "_")
    file, catalog = f"{kind.folder}/{module}.py", f"{kind.folder}/catalog.py"
    line = f"from {kind.folder}.{module} import {offered}"
    texts = {
        file: filled(f"{kind.noun}.py", names),
        catalog: with_row(_read(root, catalog), line, f'    "{name}": {offered},'),
        _COMPOSE: with_role(
            _read(root, _COMPOSE), kind.section, filled(f"{kind.noun}.service", names)
        ),
    }
    write_new(root, file, texts[file])
    for path in (catalog, _COMPOSE):
        (root / path).write_text(texts[path])
    return list(texts)


def write_new(root: Path, path: str, text: str) -> None:
    """Raises Misconfigured where there is one already."""
    target = root / path
    if target.exists():
        raise Misconfigured(f"{path} exists already: choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def with_row(catalog: str, line: str, row: str) -> str:
    """The catalog with one more import, in its order, and one more row, the last."""
    imports = [each for each in catalog.splitlines() if each.startswith("from ")]
    ours = [each for each in imports if each.startswith(f"{line.partition('.')[0]}.")]
    ordered = sorted([*ours, line], key=lambda each: each.split()[1])
    before = "\n".join(ours)
    if before not in catalog or not catalog.endswith("}\n"):
        raise Misconfigured("the catalog is not written as expected: add the row by hand")
    return (
        f"{catalog.replace(before, chr(10).join(ordered)).removesuffix('}' + chr(10))}{row}\n}}\n"
    )


def with_role(compose: str, section: str, service: str) -> str:
    if compose.count(section) != 1:
        raise Misconfigured(f"{_COMPOSE} has no section {section.strip()!r}: add the role by hand")
    return compose.replace(section, f"{service}{section}")


def _read(root: Path, path: str) -> str:
    try:
        return (root / path).read_text()
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be read ({error.strerror}): run it in a clone"
        ) from error
