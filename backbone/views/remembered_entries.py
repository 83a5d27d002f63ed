"""Entries that were read before: equal bytes are an equal entry, and need no second decoding."""

from typing import Final

from backbone.views.encoding import decode_entry
from backbone.views.store import Entry

REMEMBERED: Final = 32_768
"""Entries of one reader; a full memory is forgotten. Decoded, one takes a few kilobytes."""
MAX_BYTES: Final = 1_024
"""Larger entries are not remembered."""


class RememberedEntries:
    """Used by one reader, by the names under which entries are stored."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[bytes, Entry]] = {}

    def decoded(self, name: bytes, data: bytes) -> Entry:
        """The very same object as long as the bytes are the same. Raises Fatal as `decode_entry`
        does."""
        known = self._known.get(name)
        if known is not None and known[0] == data:
            return known[1]
        entry = decode_entry(data)
        if len(data) <= MAX_BYTES:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[name] = data, entry
        return entry
