"""The changes between two versions of a contract: of its fields, and of its promises."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from backbone.contracts.contract import PII
from backbone.impact import promises
from backbone.impact.change import FACT, Change
from backbone.impact.outline import ABSENT, NULL_FIRST, NULL_LAST, Node, Outline, full_name, outline
from backbone.impact.rule_changes import rule_changes
from backbone.impact.units import units_of

_WIDER = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
}
_SWAPPED = frozenset({"string", "bytes"})


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Everything that differs, the fact first, then its fields in their order."""
    return [*_of_the_fact(before, after), *field_changes(outline(before), outline(after))]


def field_changes(before: Outline, after: Outline) -> list[Change]:
    found: list[Change] = []
    for path in [*after, *(path for path in before if path not in after)]:
        found += _of_a_field(path, before, after)
    return [*found, *_reordered(before, after)]


def _of_the_fact(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old, new = full_name(before, ""), full_name(after, "")
    if old != new:
        yield Change("fact_renamed", FACT, old, new)
    yield from _doc(FACT, str(before.get("doc", "")), str(after.get("doc", "")))
    yield from _value("aliases_changed", FACT, before.get("aliases"), after.get("aliases"))
    yield from _value("fact_rules_changed", FACT, before.get("rules"), after.get("rules"))
    yield from promises.changes(before.get("contract"), after.get("contract"))


def _of_a_field(path: str, before: Outline, after: Outline) -> Iterator[Change]:
    old, new = before.get(path), after.get(path)
    if old is None and new is not None:
        if path.rpartition(".")[0] not in _added(before, after):
            yield Change("field_added", path, after=new.type)
    elif new is None and old is not None:
        if path.rpartition(".")[0] not in _added(after, before):
            yield Change("field_removed", path, before=old.type)
    elif old is not None and new is not None and old != new:
        yield from dict.fromkeys(_between(old, new))


def _added(before: Outline, after: Outline) -> set[str]:
    """Records that are new themselves: what is in them is not told one by one."""
    return {path for path in after if path not in before}


def _between(old: Node, new: Node) -> Iterator[Change]:
    yield from _around(old, new)
    yield from _type(old, new)
    yield from _enum(old, new)
    yield from _default(old, new)
    yield from _doc(new.path, old.doc, new.doc)
    for tag in sorted(new.tags - old.tags):
        yield Change("pii_added" if tag == PII else "tag_changed", new.path, "untagged", tag)
    for tag in sorted(old.tags - new.tags):
        yield Change("pii_removed" if tag == PII else "tag_changed", new.path, tag, "untagged")
    yield from rule_changes(new.path, old.rules, new.rules)
    yield from _value("aliases_changed", new.path, old.aliases, new.aliases)


def _around(old: Node, new: Node) -> Iterator[Change]:
    """Null, lists and maps around the value."""
    plain_old, plain_new = _without_order(old.wrap), _without_order(new.wrap)
    if plain_old == plain_new:
        if old.wrap != new.wrap:
            yield Change("null_moved", new.path)
    elif _is_one_null_less(plain_old, plain_new):
        yield Change("made_nullable", new.path, old.type, new.type)
    elif _is_one_null_less(plain_new, plain_old):
        yield Change("made_required", new.path, old.type, new.type)
    else:
        yield Change("type_changed", new.path, old.type, new.type)


def _without_order(wrap: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(NULL_FIRST if each == NULL_LAST else each for each in wrap)


def _is_one_null_less(less: tuple[str, ...], more: tuple[str, ...]) -> bool:
    return any(
        each == NULL_FIRST and (*more[:at], *more[at + 1 :]) == less for at, each in enumerate(more)
    )


def _type(old: Node, new: Node) -> Iterator[Change]:
    told = (new.path, old.type, new.type)
    conversion = _conversion(old.kind, new.kind) if old.kind != new.kind else ""
    if conversion:
        yield Change(conversion, *told)
    if conversion == "type_changed":
        return
    if old.logical != new.logical:
        yield Change(_of_logical(old.logical, new.logical), *told)
    elif (old.precision, old.scale) != (new.precision, new.scale):
        yield Change("scale_changed" if old.scale != new.scale else _precision(old, new), *told)
    if old.size != new.size:
        yield Change("size_changed", new.path, str(old.size), str(new.size))
    if old.named != new.named and not conversion:
        yield Change("type_renamed", new.path, old.named, new.named)


def _of_logical(old: str, new: str) -> str:
    """A UUID is text, of which not every one is a UUID."""
    if {old, new} == {"", "uuid"}:
        return "became_uuid" if new else "no_longer_uuid"
    return "logical_changed"


def _precision(old: Node, new: Node) -> str:
    return "precision_raised" if new.precision > old.precision else "precision_lowered"


def _conversion(old: str, new: str) -> str:
    if {old, new} == _SWAPPED:
        return "type_swapped"
    if new in _WIDER.get(old, ()):
        return "type_widened"
    return "type_narrowed" if old in _WIDER.get(new, ()) else "type_changed"


def _enum(old: Node, new: Node) -> Iterator[Change]:
    if not (old.symbols and new.symbols):
        return
    for symbol in new.symbols:
        if symbol not in old.symbols:
            yield Change("symbol_added", new.path, after=symbol)
    for symbol in old.symbols:
        if symbol not in new.symbols:
            yield Change("symbol_removed", new.path, before=symbol)
    if old.symbols != new.symbols and set(old.symbols) == set(new.symbols):
        yield Change("symbols_reordered", new.path)
    yield from _value("enum_default_changed", new.path, old.enum_default, new.enum_default)


def _default(old: Node, new: Node) -> Iterator[Change]:
    if old.default == new.default:
        return
    if old.default == ABSENT:
        yield Change("default_added", new.path, after=_shown(new.default[0]))
    elif new.default == ABSENT:
        yield Change("default_removed", new.path, before=_shown(old.default[0]))
    else:
        shown = _shown(old.default[0]), _shown(new.default[0])
        yield Change("default_changed", new.path, *shown)


def _doc(path: str, old: str, new: str) -> Iterator[Change]:
    if old == new:
        return
    was, now = units_of(old), units_of(new)
    if path and was and now and was != now:
        yield Change("unit_changed", path, ", ".join(sorted(was)), ", ".join(sorted(now)))
    else:
        yield Change("doc_changed", path, old, new)


def _reordered(before: Outline, after: Outline) -> Iterator[Change]:
    """Fields that both have, in another order: told once for their record."""
    told: set[str] = set()
    shared = sorted(before.keys() & after.keys())
    for record in sorted({path.rpartition(".")[0] for path in shared}):
        inside = [path for path in shared if path.rpartition(".")[0] == record]
        orders = [sorted(inside, key=lambda path: each[path].place) for each in (before, after)]
        if orders[0] != orders[1] and record not in told:
            told.add(record)
            yield Change("fields_reordered", record)


def _value(kind: str, path: str, old: Any, new: Any) -> Iterator[Change]:
    if (old or None) != (new or None):
        yield Change(kind, path, _shown(old), _shown(new))


def _shown(value: Any) -> str:
    if value in (None, "", (), []):
        return "null" if value is None else "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
