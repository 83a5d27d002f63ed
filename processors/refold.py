"""A view's fold in the plainest way, over facts of one key from nothing: for who looks back.

Beside `processors/folding.py`, which folds what is stored on. tests/contract/test_views.py holds
that both give the same entries.
"""

from collections.abc import Sequence

import orjson

from backbone.documents import encode
from backbone.fact import Fact
from backbone.instants import millis
from backbone.views.store import Entry
from processors.view import View


def refold(view: View, facts: Sequence[Fact]) -> Entry | None:
    """What `facts`, in log order, make of their key."""
    entry: Entry | None = None
    for fact in facts:
        entry = after(view, entry, fact)
    return entry


def after(view: View, before: Entry | None, fact: Fact) -> Entry | None:
    """The entry after one more fact; the same where the fact is older, not read, or poison."""
    if fact.type not in view.reads or fact.position is None or fact.published_at is None:
        return before
    version = fact.order_version, fact.position.offset
    if before is not None and version <= (before.order_version, before.offset):
        return before
    try:
        value = view.apply(None if before is None else before.value, fact)
        text = None if value is None else encode(value)
    except Exception:  # noqa: BLE001 - whatever a fold raises, its fact is poison
        return before
    if text is None:
        return None
    return Entry(
        value=orjson.loads(text),
        order_version=fact.order_version,
        offset=fact.position.offset,
        event_id=fact.envelope.id,
        source=fact.envelope.source,
        sequence=fact.envelope.sequence,
        published_ms=millis(fact.published_at),
        occurred_ms=millis(fact.envelope.time),
    )
