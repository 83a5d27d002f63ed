"""What a view reads and serves, watched: its declarations are held to what `apply` does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from backbone.documents import encode
from backbone.fact import Envelope, Fact
from processors.view import View, served

Told = tuple[str, dict[str, Any]]
"""A fact's type and data."""
Place = tuple[str, str]
"""A fact's type and the path of one of its fields."""


class Undeclared(Exception):
    """A view looked at a field that it does not declare."""


@dataclass
class Watched:
    """The fields that a view declares of its facts, and those that it has looked at."""

    view: View
    seen: set[Place] = field(default_factory=set)

    def fact(self, told: Told, key: str) -> Fact:
        kind, data = told
        watched = WatchedData(data, self, kind, "")
        return Fact(kind, key, watched, Envelope("id", "/test", datetime.now(UTC), "1"))

    def declared(self) -> set[Place]:
        return {(kind, path) for kind, paths in self.view.reads.items() for path in paths}

    def look(self, kind: str, path: str) -> bool:
        """Note it; whether everything inside of the field is declared too."""
        declared = self.view.reads[kind]
        if path in declared:
            self.seen.add((kind, path))
            return True
        if not any(each.startswith(f"{path}.") for each in declared):
            raise Undeclared(f"{self.view.name} reads {path} of {kind}: declare it in `reads`")
        return False


class WatchedData(Mapping[str, Any]):
    """A fact's data that raises Undeclared where a field is looked at which `reads` lacks."""

    def __init__(self, data: Mapping[str, Any], watched: Watched, kind: str, path: str) -> None:
        self._data, self._watched, self._kind, self._path = data, watched, kind, path

    def __getitem__(self, name: str) -> Any:
        value = self._data[name]
        path = f"{self._path}.{name}" if self._path else name
        if self._watched.look(self._kind, path):
            return value
        return self._inside(value, path)

    def _inside(self, value: Any, path: str) -> Any:
        if isinstance(value, list):
            return [self._inside(each, path) for each in value]
        if isinstance(value, dict):
            return WatchedData(value, self._watched, self._kind, path)
        return value

    def __iter__(self) -> Iterator[str]:
        whole = self._path or "every field"
        raise Undeclared(f"{self._watched.view.name} reads {whole} of {self._kind} as a whole")

    def __len__(self) -> int:
        return len(self._data)


def fold(view: View, history: Sequence[Told], watched: Watched | None = None) -> dict[str, Any]:
    """The document of one key after `history`, as it is served; {} where there is none."""
    state: Any = None
    for told in history:
        fact = (watched or Watched(view)).fact(told, "A")
        made = view.apply(state, fact)
        state = None if made is None else orjson.loads(encode(made))
    return state or {}


def grafted(told: Told, other: Told, path: str) -> Told:
    """`told` with the field at `path` as `other` has it."""
    kind, data = told
    return kind, _grafted(data, other[1], path.split("."))


def _grafted(value: Any, other: Any, path: Sequence[str]) -> Any:
    if isinstance(value, list) and path:
        return [
            _grafted(each, other[at % len(other)], path) if other else each
            for at, each in enumerate(value)
        ]
    if not path or not isinstance(value, dict) or not isinstance(other, dict):
        return other
    name = path[0]
    return {**value, name: _grafted(value[name], other[name], path[1:])}


def changed(one: Any, other: Any, path: str = "") -> set[str]:
    """Paths at which two documents differ, lists passed through."""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = zip(one, other, strict=True)
        return {found for a, b in pairs for found in changed(a, b, path)}
    if isinstance(one, dict) and isinstance(other, dict):
        names = one.keys() | other.keys()
        return {
            found
            for name in names
            for found in changed(
                one.get(name), other.get(name), f"{path}.{name}" if path else str(name)
            )
        }
    return set() if one == other else {path}


def undeclared_sources(view: View, place: Place, fields: set[str]) -> set[str]:
    """Those of the document's fields that are not said to come from `place`."""
    kind, path = place
    return {
        name
        for name in fields
        if not any(
            within(name, declared) and path in origins.get(kind, ())
            for declared, origins in served(view).items()
        )
    }


def within(path: str, declared: str) -> bool:
    return path == declared or path.startswith(f"{declared}.")


def every_path(document: Any, path: str = "") -> set[str]:
    """The paths of a document's values, lists passed through."""
    if isinstance(document, list):
        return {found for each in document for found in every_path(each, path)} or {path}
    if not isinstance(document, dict):
        return {path}
    return {
        found
        for name, each in document.items()
        for found in every_path(each, f"{path}.{name}" if path else str(name))
    }
