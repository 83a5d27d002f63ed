"""The body of an entry with its ETag, made once as long as the entry stays the same."""

from typing import Final

import orjson

from backbone.views.store import Entry, ViewId
from gateway.caching import Body, body_of
from gateway.document import entry_document

REMEMBERED: Final = 32_768
"""Bodies; a full memory is forgotten."""
MAX_BYTES: Final = 1_536
"""Larger ones are not remembered."""


class Bodies:
    """Used by one route. Nothing is ever answered from here alone: the entry was read for this
    very answer, and only what is made of it is known already."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Entry, Body]] = {}

    def of(self, view: ViewId, key: str, partition: int, entry: Entry) -> Body:
        name = view.name, key
        known = self._known.get(name)
        if known is not None and known[0] is entry:
            return known[1]
        made = body_of(orjson.dumps(entry_document(view, key, partition, entry)))
        if len(made.data) <= MAX_BYTES:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[name] = entry, made
        return made
