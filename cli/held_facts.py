"""What strict views hold, for who looks back at them: by partition and log offset."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from cli import wiring
from processors.catalog import VIEWS
from processors.hold import Hold
from processors.view import is_strict

Offsets = Mapping[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class HeldFacts:
    """`waiting`: facts held behind a dead letter; `left_out`: these and what they wait for, none of
    which is part of the view. Both empty of a view that is not strict."""

    waiting: Offsets
    left_out: Offsets


def held_facts(name: str) -> HeldFacts:
    """Raises Transient, Fatal."""
    if not is_strict(VIEWS[name]):
        return HeldFacts({}, {})
    view = wiring.view_id(name)
    with closing(wiring.view_writer()) as writer:
        found = {each: Hold(writer.held(view, each)) for each in range(view.partitions)}
    return HeldFacts(
        {each: frozenset(hold.waiting()) for each, hold in found.items()},
        {each: frozenset(hold) for each, hold in found.items()},
    )
