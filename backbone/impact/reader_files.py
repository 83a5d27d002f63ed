"""Readers outside of this repository: `readers/<name>.yaml`, one file each (docs/impact.md).

PyYAML is imported in this module alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

try:  # libyaml's, ten times as fast, where the wheel has it
    from yaml import CSafeLoader as Fast
except ImportError:
    from yaml import SafeLoader as Fast  # type: ignore[assignment]

from backbone.errors import Misconfigured
from backbone.impact.reader import Channel, Expectation, Reader
from backbone.impact.rule_changes import RULE_NAMES
from backbone.impact.units import UNITS

CHANNELS = tuple(each for each in Channel if each is not Channel.VIEW)
EXPECTATIONS = ("symbols", "precision", "scale", "unit", "rules", "personal")
_KNOWN = ("name", "team", "contact", "through", "freshness_seconds", "facts")
_NEEDED = ("name", "team", "contact", "facts")
Fields = Mapping[str, frozenset[str]]
"""The paths of all fields of each fact, as it was and as it is."""


@dataclass(frozen=True, slots=True)
class Problem:
    file: str
    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.field} " if self.field else ""
        return f"{self.file}: {place}{self.what}: {self.remedy}"


def load(directory: Path, known: Fields) -> list[Reader]:
    """Read every file; none where there is no such folder. Raises Misconfigured with everything
    that is wrong with them."""
    paths = [*directory.glob("*.yaml"), *directory.glob("*.yml")]
    found: list[Reader] = []
    problems: list[Problem] = []
    for path in sorted(paths):
        document, wrong = _document(path)
        wrong = wrong or list(_problems(path, document, known))
        problems += wrong
        found += [] if wrong else [_reader(document)]
    if problems:
        listed = "".join(f"\n  {each}" for each in problems)
        raise Misconfigured(f"the readers' files cannot be used:{listed}")
    return found


def _document(path: Path) -> tuple[Any, list[Problem]]:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader), []  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        what = f"is no YAML ({getattr(error, 'problem', None) or 'not UTF-8'})"
        return None, [Problem(path.name, where, what, "mend it")]


class _Loader(Fast):
    """YAML keeps the last of two values of a name, and nobody learns of the first."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - as it is there
        names = [each.value for each, _ in node.value]
        for (each, _), name in reversed(list(zip(node.value, names, strict=True))):
            if names.count(name) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{name} stands there twice", each.start_mark
                )
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def _problems(path: Path, document: Any, known: Fields) -> Iterator[Problem]:
    if not isinstance(document, dict):
        yield Problem(path.name, "", "is no reader", f"give {', '.join(_NEEDED)}")
        return
    yield from _member_problems(path.name, document)
    name, facts = document.get("name"), document.get("facts")
    if isinstance(name, str) and name != path.stem:
        yield Problem(path.name, "name", "is not the file's", f"write {path.stem}")
    for fact, fields in (facts if isinstance(facts, dict) else {}).items():
        yield from _fact_problems(path.name, str(fact), fields, known)


def _member_problems(file: str, document: Mapping[Any, Any]) -> Iterator[Problem]:
    for name in document.keys() - set(_KNOWN):
        yield Problem(file, str(name), "is not known", f"known are {', '.join(_KNOWN)}")
    for name in _NEEDED:
        if name not in document:
            yield Problem(file, name, "is missing", _REMEDIES[name])
    for name in document.keys() & _REMEDIES.keys():
        if not _fits(name, document[name]):
            yield Problem(file, name, "has a value it cannot have", _REMEDIES[name])


_REMEDIES = {
    "name": "give the file's name without its ending",
    "team": "name the team to ask",
    "contact": "say where that team is asked: a channel or an address",
    "through": f"choose one of {', '.join(CHANNELS)}",
    "freshness_seconds": "give the seconds within which a fact must be readable",
    "facts": "give the facts it reads, each with a list of fields or with fields and expectations",
}


def _fits(name: str, value: Any) -> bool:
    if name == "through":
        return value in CHANNELS
    if name == "freshness_seconds":
        return type(value) is int and value > 0
    if name == "facts":
        return isinstance(value, dict) and bool(value)
    return isinstance(value, str) and bool(value.strip())


def _fact_problems(file: str, fact: str, fields: Any, known: Fields) -> Iterator[Problem]:
    if fact not in known:
        near = ", ".join(sorted(known)[:5])
        yield Problem(file, f"facts.{fact}", "is no fact", f"facts are {near}")
        return
    if not isinstance(fields, list | dict) or not fields:
        yield Problem(file, f"facts.{fact}", "names no field", "give a list of fields")
        return
    paths = known[fact]
    for path in fields:
        place = f"facts.{fact}.{path}"
        if path not in paths:
            listed = ", ".join(sorted(paths))
            yield Problem(file, place, "is no field of it", f"fields are {listed}")
        if isinstance(fields, dict):
            yield from _expectation_problems(file, place, fields[path])


def _expectation_problems(file: str, place: str, given: Any) -> Iterator[Problem]:
    if given is None:
        return
    if not isinstance(given, dict):
        remedy = f"leave it empty, or give {', '.join(EXPECTATIONS)}"
        yield Problem(file, place, "is no expectation", remedy)
        return
    for name, value in given.items():
        if name not in EXPECTATIONS:
            remedy = f"known are {', '.join(EXPECTATIONS)}"
            yield Problem(file, f"{place}.{name}", "is not known", remedy)
        elif not _EXPECTED[name][0](value):
            yield Problem(file, f"{place}.{name}", "has a value it cannot have", _EXPECTED[name][1])


def _whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def _symbols(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


_EXPECTED: Mapping[str, tuple[Any, str]] = {
    "symbols": (_symbols, "give the list of symbols that it knows what to do with"),
    "precision": (_whole, "give the digits that it has room for"),
    "scale": (_whole, "give the decimal places that it counts on"),
    "unit": (lambda value: value in UNITS, f"choose one of {', '.join(UNITS)}"),
    "rules": (
        lambda value: isinstance(value, dict) and bool(value) and value.keys() <= RULE_NAMES,
        f"give value rules with their values: {', '.join(sorted(RULE_NAMES))}",
    ),
    "personal": (lambda value: isinstance(value, bool), "write true where it may hold such data"),
}


def _reader(document: Mapping[str, Any]) -> Reader:
    return Reader(
        name=document["name"],
        channel=Channel(document.get("through", Channel.TOPIC)),
        reads={fact: _expectations(fields) for fact, fields in document["facts"].items()},
        team=document["team"],
        contact=document["contact"],
        freshness_seconds=document.get("freshness_seconds", 0),
    )


def _expectations(fields: Sequence[str] | Mapping[str, Any]) -> dict[str, Expectation]:
    given = fields if isinstance(fields, Mapping) else dict.fromkeys(fields)
    return {path: _expectation(each or {}) for path, each in given.items()}


def _expectation(given: Mapping[str, Any]) -> Expectation:
    symbols = frozenset(given.get("symbols", ()))
    return Expectation(**{**given, "symbols": symbols})
