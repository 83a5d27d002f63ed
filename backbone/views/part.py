"""What must hold for a Part before a store may begin to write it."""

from typing import Final

from backbone.views.store import Part

MAX_KEYS: Final = 1_000  # bounds how long everybody else waits for one atomic write


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
