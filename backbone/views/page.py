"""One page over all partitions of a view."""

from typing import Final

MAX_PAGE: Final = 1_000  # what one script reads at once


def require_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_PAGE:
        raise ValueError(f"a page holds 1 to {MAX_PAGE} entries, not {limit}")


def merge_page(
    found: list[tuple[bytes, bytes]], limit: int
) -> tuple[list[tuple[bytes, bytes]], str | None]:
    """The first `limit` of the keys found, and the key to continue behind (None: no more).

    Every partition must have been asked for `limit + 1` keys: then the first `limit` of them all
    are here, and one more tells that the page is not the last.
    """
    chosen = sorted(found)[:limit]
    more = len(found) > limit
    return chosen, chosen[-1][0].decode() if more else None
