"""What must hold for a Part: before a store may begin to write it, and where it stands already."""

from collections.abc import Sequence
from typing import Final

from backbone.views.store import Part, ViewId, Wiped

MAX_KEYS: Final = 5_000
"""Distinct keys of one part: bounds how long everybody else waits for one atomic write. See
docs/decisions/0005-size-of-a-part.md."""


def require_writable(part: Part) -> None:
    """Raises ValueError: a caller's mistake, and nothing was written."""
    if len(part.entries) > MAX_KEYS:
        raise ValueError(
            f"a part holds at most {MAX_KEYS} distinct keys, not {len(part.entries)}: "
            "cut the batch by offset into several parts"
        )
    if part.status.offset < part.expected_offset:
        raise ValueError(
            f"a part cannot go back from offset {part.expected_offset} to {part.status.offset}: "
            "claim and start the partition again"
        )


def require_repeat(
    view: ViewId, partition: int, part: Part, stored: int | None, ends: Sequence[int]
) -> None:
    """The stored offset is not the one before `part`: say Wiped, unless it was written before.

    `ends` are the offsets behind the parts given together with it: whoever lost the answers gives
    parts again of which any number was written, and each offset is one of theirs alone. But for
    one that changes something without moving the offset, which retries do: those behind it may be
    written though it was refused.
    """
    moves = part.status.offset > part.expected_offset
    nothing = not (part.entries or part.held)
    known = stored is not None and stored in ends and stored >= part.status.offset
    if known and (moves or nothing):
        return
    found = "none" if stored is None else stored
    raise Wiped(
        f"{view.name} v{view.version}, partition {partition}: offset {part.expected_offset} was "
        f"expected, {found} is stored. The store was emptied or replaced: claim again and heal"
    )
