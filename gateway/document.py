"""The body of a view read: the value, and apart from it what it was made from.

    {"data": {…the value…},
     "meta": {"view": "prices", "view_version": 1, "key": "85123A", "order_version": 7,
              "event_id": "…", "source": "…", "sequence": "…",
              "occurred_at": "2026-…Z", "published_at": "2026-…Z", "partition": 2, "offset": 41}}

Everything here belongs to the entry and stays as it is until the entry changes.
"""

from typing import Any

from backbone.views.store import Entry, ViewId
from gateway.instants import rfc3339


def entry_document(view: ViewId, key: str, partition: int, entry: Entry) -> dict[str, Any]:
    return {
        "data": entry.value,
        "meta": {
            "view": view.name,
            "view_version": view.version,
            "key": key,
            "order_version": entry.order_version,
            "event_id": entry.event_id,
            "source": entry.source,
            "sequence": entry.sequence,
            "occurred_at": rfc3339(entry.occurred_ms),
            "published_at": rfc3339(entry.published_ms),
            "partition": partition,
            "offset": entry.offset,
        },
    }
