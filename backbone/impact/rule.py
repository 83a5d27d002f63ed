"""The registry's rule, FULL_TRANSITIVE: what it refuses, by field and past version."""

from collections.abc import Sequence
from dataclasses import dataclass

from backbone.impact.change import FACT, Change
from backbone.impact.reader import is_within
from backbone.registry.compatibility import Conflict, conflicts

_CAN_BE_REFUSED = frozenset(
    {
        *("field_added", "field_removed", "fact_renamed", "type_renamed", "size_changed"),
        *("type_widened", "type_narrowed", "type_swapped", "type_changed"),
        *("made_nullable", "made_required", "null_moved"),
        *("symbol_added", "symbol_removed", "enum_default_changed"),
        *("default_removed", "default_added", "default_changed", "aliases_changed"),
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """`forward`: the past `versions` cannot read the new schema; else it is the other way round."""

    path: str
    forward: bool
    versions: tuple[int, ...]
    why: str


def refusals(
    versions: Sequence[str], text: str, said: Sequence[str] | None = None
) -> list[Refusal]:
    """Against all past versions, oldest first. `said`: the reasons that a registry gave, where one
    was asked: its answer counts, and why it is so is found here."""
    if said is not None and not said:
        return []
    found: dict[tuple[str, bool], list[Conflict]] = {}
    for each in conflicts(versions, text):
        for path in each.fields or (FACT,):
            found.setdefault((path, each.forward), []).append(each)
    if said and not found:
        return [Refusal(FACT, False, (), "; ".join(said))]
    return [
        Refusal(path, forward, tuple(each.version for each in those), _why(forward, those))
        for (path, forward), those in found.items()
    ]


def touching(change: Change, refused: Sequence[Refusal]) -> list[Refusal]:
    """Those that the change is a reason of."""
    if change.kind not in _CAN_BE_REFUSED:
        return []
    return [
        each
        for each in refused
        if is_within(each.path, change.path) or (each.path and is_within(change.path, each.path))
    ]


def other_meaning(change: Change, latest: int) -> list[Refusal]:
    """What no registry refuses and our codec does: see `backbone/codec/meaning.py`."""
    if change.kind not in {"scale_changed", "logical_changed"}:
        return []
    why = "the registry lets it through, and our codec refuses facts written before"
    return [Refusal(change.path, False, (latest,), why)]


def _why(forward: bool, those: Sequence[Conflict]) -> str:  # noqa: FBT001 - as it is kept
    numbers = ", ".join(str(each.version) for each in those if each.version)
    version = f"version{'s' if len(those) > 1 else ''} {numbers}" if numbers else "it"
    said = those[0].reason
    if forward:
        return f"who has {version} cannot read new facts: {said}"
    return f"facts of {version} can no longer be read: {said}"
