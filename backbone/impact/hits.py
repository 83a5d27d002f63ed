"""Whom a change hits: by how each reader comes by the field, and by what it expects of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from backbone.impact.change import FACT, Change
from backbone.impact.effects import EFFECTS, Effects
from backbone.impact.expectations import newly_unmet, unmet
from backbone.impact.outline import Node
from backbone.impact.reader import Channel, Expectation, Reader
from backbone.impact.revision import Revision
from backbone.impact.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Hit:
    """`versions`: the past versions that it is about; empty for the latest. `is_felt`: not only by
    a column of ours, which is a copy that nobody has declared to read."""

    who: str
    verdict: Verdict
    why: str
    versions: tuple[int, ...] = ()
    is_felt: bool = True


def hits(change: Change, before: Revision, after: Revision, readers: Sequence[Reader]) -> list[Hit]:
    """`readers` are those of the fact."""
    found = [_hit(change, before, after, reader) for reader in readers]
    return [each for each in found if each is not None]


def _hit(change: Change, before: Revision, after: Revision, reader: Reader) -> Hit | None:
    touched = _touched(change, before, reader)
    if touched is None:
        return None
    broken = _broken_expectations(change, before, after, touched)
    effects = EFFECTS[change.kind]
    verdict, why = effects.on(reader.channel, change.path)
    if _is_met(effects, after, touched) or _is_fresh_enough(change, after, reader):
        verdict = Verdict.SAFE
    if _is_null_later(change, before, reader):
        verdict = Verdict.SAFE
    if broken and not verdict.worse_than(Verdict.HARMS):
        verdict, why = Verdict.HARMS, "; ".join(broken)
    if verdict is Verdict.SAFE:
        return None
    is_copy = reader.ours and reader.channel is Channel.WAREHOUSE and verdict is Verdict.HARMS
    return Hit(str(reader), verdict, why, (), not is_copy)


def _is_null_later(change: Change, before: Revision, reader: Reader) -> bool:
    """A column of what was optional holds null where the field is gone."""
    if change.kind != "field_removed" or reader.channel is not Channel.WAREHOUSE:
        return False
    return change.path in before.outline and _is_optional(before.outline[change.path])


def _is_optional(node: Node) -> bool:
    return node.nullable and "." not in node.path


def _touched(
    change: Change, before: Revision, reader: Reader
) -> list[tuple[str, Expectation]] | None:
    """The reader's fields that the change is about; None: it is about none of them."""
    if change.path == FACT:
        return []
    found = reader.fields_at(before.type, change.path)
    if not found and (not reader.reads_the_key or change.path not in before.always_read):
        return None
    return found


def _broken_expectations(
    change: Change, before: Revision, after: Revision, touched: list[tuple[str, Expectation]]
) -> list[str]:
    return [
        why
        for path, expected in touched
        if path == change.path and path in after.outline
        for name, why in newly_unmet(expected, before.outline.get(path), after.outline[path])
        if name in _ABOUT.get(change.kind, ())
    ]


_ABOUT = {
    "symbol_added": ("symbols",),
    "symbol_removed": ("symbols",),
    "scale_changed": ("scale",),
    "precision_raised": ("precision",),
    "unit_changed": ("unit",),
    "doc_changed": ("unit",),
    "rule_loosened": ("rules",),
    "rule_changed": ("rules",),
}
"""Which expectations a kind of change can disappoint: each is told once, beside its cause."""


def _is_met(effects: Effects, after: Revision, touched: list[tuple[str, Expectation]]) -> bool:
    """Whether the reader has declared what makes the change harmless to it."""
    if effects.met_by == "personal":
        return bool(touched) and all(expected.personal for _, expected in touched)
    if effects.met_by == "unit":
        return bool(touched) and all(
            expected.unit and path in after.outline and not _misses_unit(expected, after, path)
            for path, expected in touched
        )
    return False


def _misses_unit(expected: Expectation, after: Revision, path: str) -> bool:
    return any(name == "unit" for name, _ in unmet(expected, after.outline[path]))


def _is_fresh_enough(change: Change, after: Revision, reader: Reader) -> bool:
    if change.kind != "freshness_loosened":
        return False
    promised = after.attributes.get("freshness_seconds", 0)
    return not reader.freshness_seconds or reader.freshness_seconds >= promised
