"""Whether the same bytes mean the same to writer and reader: what Avro's resolution does not ask.

It resolves a decimal by its bytes alone: of another scale it would be read, wrong by powers of ten.
"""

from collections.abc import Iterator

from backbone.contracts.shape import Array, Leaf, Map, Nullable, Record, Shape
from backbone.errors import Poison, PoisonReason

_LOOSE = frozenset({"", "uuid"})
"""A UUID is text, and the value domain looks at each of them."""


def refuse_other_meanings(written: Record, ours: Record) -> None:
    """Raises Poison(SCHEMA_REFUSED) where a field of both has another logical type or scale."""
    for path, theirs, own in _leaves(written, ours, ""):
        if _meaning(theirs) != _meaning(own):
            raise Poison(
                PoisonReason.SCHEMA_REFUSED,
                f"{path} was written as {_said(theirs)} and the contract says {_said(own)}: the "
                "same bytes would be read as another value; a changed meaning is a new field",
            )


def _leaves(written: Shape, ours: Shape, path: str) -> Iterator[tuple[str, Leaf, Leaf]]:
    """Pairs of what has no parts, as far as both are built alike; null makes no difference."""
    match written, ours:
        case Nullable(inner), _:
            yield from _leaves(inner, ours, path)
        case _, Nullable(inner):
            yield from _leaves(written, inner, path)
        case (Array(one), Array(other)) | (Map(one), Map(other)):
            yield from _leaves(one, other, path)
        case Record(), Record():
            yield from _members(written, ours, path)
        case Leaf(), Leaf():
            yield path, written, ours


def _members(written: Record, ours: Record, path: str) -> Iterator[tuple[str, Leaf, Leaf]]:
    own = {each.name: each.shape for each in ours.fields}
    for each in written.fields:
        if each.name in own:
            here = f"{path}.{each.name}" if path else each.name
            yield from _leaves(each.shape, own[each.name], here)


def _meaning(leaf: Leaf) -> tuple[str, int]:
    return ("", 0) if leaf.logical in _LOOSE else (leaf.logical, leaf.scale)


def _said(leaf: Leaf) -> str:
    if leaf.logical == "decimal":
        return f"decimal({leaf.precision}, {leaf.scale})"
    return leaf.logical or leaf.kind
