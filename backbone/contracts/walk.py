"""Walk: one value through one shape, compiled to closures once per contract.

Reading a row, checking a fact before it is written and reading decoded bytes are the same walk
with other functions at its leaves. A walk names every violation, not the first.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from backbone.contracts.shape import NO_DEFAULT, Array, Field, Leaf, Map, Nullable, Record, Shape

Convert = Callable[[Any], Any]
"""Gives the accepted value, or raises Unfit."""

# A million broken items are one message: nobody reads past the first of them.
MAX_VIOLATIONS = 100
# An unknown field's name is quoted; a JSON object keyed by free text must not get through whole.
_MAX_NAME = 64


class Unfit(Exception):
    """A value that does not fit; `violations` are (path, what is wrong), without the value."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.violations: list[tuple[str, str]] = [("", what)]

    @classmethod
    def of(cls, violations: list[tuple[str, str]]) -> "Unfit":
        unfit = cls("does not fit")
        unfit.violations = violations[:MAX_VIOLATIONS]
        return unfit

    def under(self, prefix: str) -> list[tuple[str, str]]:
        return [(_join(prefix, path), what) for path, what in self.violations]

    def lines(self) -> list[str]:
        return [f"{path}: {what}" if path else what for path, what in self.violations]


class Leaves:
    """What a walk does at each value without parts, and at each whole field and whole record
    (None: nothing)."""

    def __init__(
        self,
        leaf: Callable[[Leaf], Convert],
        field: Callable[[Field], Convert | None] = lambda _: None,
        record: Callable[[Record], Convert | None] = lambda _: None,
    ) -> None:
        self.leaf = leaf
        self.field = field
        self.record = record


def compile_walk(shape: Shape, leaves: Leaves) -> Convert:
    match shape:
        case Leaf():
            return leaves.leaf(shape)
        case Nullable(inner):
            return _nullable(compile_walk(inner, leaves))
        case Array(items):
            return _array(compile_walk(items, leaves))
        case Map(values):
            return _map(compile_walk(values, leaves), leaves.leaf(Leaf("string")))
        case Record():
            return _whole_record(shape, leaves)


def _nullable(inner: Convert) -> Convert:
    return lambda value: None if value is None else inner(value)


def _array(item: Convert) -> Convert:
    def convert(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise Unfit("must be a list")
        try:
            return [item(each) for each in value]
        except Unfit:
            entries = ((f"[{index}]", each) for index, each in enumerate(value))
            raise Unfit.of(_violations(item, entries)) from None

    return convert


def _map(item: Convert, key: Convert) -> Convert:
    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise Unfit("must be an object")
        try:
            return {key(name): item(each) for name, each in value.items()}
        except Unfit:
            # By place, not by name: a map's keys are data.
            names = ((f"{{key {at}}}", each) for at, each in enumerate(value))
            entries = ((f"{{{at}}}", each) for at, each in enumerate(value.values()))
            found = [*_violations(key, names), *_violations(item, entries)]
            raise Unfit.of(found) from None

    return convert


def _violations(item: Convert, entries: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for path, each in entries:
        found += _try(item, path, each)
        if len(found) >= MAX_VIOLATIONS:
            break
    return found


def _try(item: Convert, path: str, value: Any) -> list[tuple[str, str]]:
    try:
        item(value)
    except Unfit as unfit:
        return unfit.under(path)
    return []


def _whole_record(shape: Record, leaves: Leaves) -> Convert:
    """Rules of a record are asked once all of its fields are in order."""
    fields, rule = _record(shape, leaves), leaves.record(shape)
    return fields if rule is None else lambda value: rule(fields(value))


def _record(shape: Record, leaves: Leaves) -> Convert:
    steps = tuple((each.name, _field(each, leaves)) for each in shape.fields)
    names = frozenset(name for name, _ in steps)
    absent = {each.name: _default(each) for each in shape.fields}

    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise Unfit("must be an object")
        taken: dict[str, Any] = {}
        found: list[tuple[str, str]] = []
        for name, step in steps:
            try:
                taken[name] = step(value[name]) if name in value else absent[name]()
            except Unfit as unfit:
                found += unfit.under(name)
        if not value.keys() <= names:
            found += [(_shown(name), "unknown field") for name in value if name not in names]
        if found:
            raise Unfit.of(found)
        return taken

    return convert


def _field(field: Field, leaves: Leaves) -> Convert:
    inner, rule = compile_walk(field.shape, leaves), leaves.field(field)
    if rule is None:
        return inner

    def convert(value: Any) -> Any:
        taken = inner(value)
        return taken if taken is None else rule(taken)

    return convert


def _default(field: Field) -> Callable[[], Any]:
    if field.default is NO_DEFAULT:

        def missing() -> Any:
            raise Unfit("is missing")

        return missing
    if isinstance(field.default, list | dict):
        return field.default.copy  # a caller may change what it was given
    return lambda: field.default


def _join(prefix: str, path: str) -> str:
    return f"{prefix}{path}" if not path or path[0] in "[{" else f"{prefix}.{path}"


def _shown(name: Any) -> str:
    text = ascii(name)[1:-1] if isinstance(name, str) else "a name that is not text"
    return text if len(text) <= _MAX_NAME else f"{text[:_MAX_NAME]}..."
