"""Entry and Status as bytes: one compact JSON array each, the value last.

An array, because the names would outweigh the numbers; the value last, so that an engine that has
it as JSON text already can append it.
"""

from functools import lru_cache
from typing import cast

import orjson

from backbone.errors import Fatal
from backbone.views.store import AnyEntry, EncodedEntry, Entry, Status, Version

# What orjson would turn into text silently must be text before: instants are RFC 3339 strings.
_STRICT = (
    orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_DAMAGED = (
    "the view store holds bytes that are no {what}: {error}. Build the view again from the log: "
    "`backbone view rebuild <view>`"
)


def encode_entry(entry: AnyEntry) -> bytes:
    """Raises ValueError when the value holds what JSON does not (its type, never its content)."""
    if isinstance(entry, EncodedEntry):
        return entry.data
    try:
        return orjson.dumps(
            (
                entry.order_version,
                entry.offset,
                entry.event_id,
                entry.source,
                entry.sequence,
                entry.published_ms,
                entry.occurred_ms,
                entry.value,
            ),
            option=_STRICT,
        )
    except TypeError as error:
        raise ValueError(
            f"the value made from fact {entry.event_id} cannot be stored: {error}. "
            "A view returns str, int, bool, None, list and dict"
        ) from error


def encode_around(facts: tuple[int, int, str, str, str, int, int], document: bytes) -> bytes:
    """An entry whose value is JSON text already; `facts` are its other fields in their order."""
    return orjson.dumps((*facts, orjson.Fragment(document)))


def decode_version(data: bytes) -> Version:
    """The two first fields, without looking at the others."""
    try:
        order_version, offset, _ = data.split(b",", 2)
        return int(order_version[1:]), int(offset)
    except ValueError as error:
        raise Fatal(_DAMAGED.format(what="entry", error=type(error).__name__)) from error


def decode_version_or_none(data: bytes | None) -> Version | None:
    return None if data is None else decode_version(data)


def decode_entry(data: bytes | str) -> Entry:
    try:
        order_version, offset, event_id, source, sequence, published, occurred, value = (
            orjson.loads(data)
        )
    except (ValueError, TypeError) as error:
        raise Fatal(_DAMAGED.format(what="entry", error=type(error).__name__)) from error
    return Entry(value, order_version, offset, event_id, source, sequence, published, occurred)


def decode_entry_or_none(data: bytes | str | None) -> Entry | None:
    return None if data is None else decode_entry(data)


def encode_status(status: Status) -> bytes:
    return orjson.dumps(
        (
            status.topic_id,
            status.offset,
            status.rebuild_until,
            status.as_of_ms,
            status.current_until_ms,
        )
    )


@lru_cache(maxsize=1024)  # every read between two writes brings the same bytes
def decode_status(data: bytes | str) -> Status:
    try:
        fields = cast("list[object]", orjson.loads(data))
        topic_id, offset, rebuild_until, as_of_ms, current_until_ms = fields
    except (ValueError, TypeError) as error:
        raise Fatal(_DAMAGED.format(what="status", error=type(error).__name__)) from error
    return Status(
        topic_id=cast("str", topic_id),
        offset=cast("int", offset),
        rebuild_until=cast("int", rebuild_until),
        as_of_ms=cast("int", as_of_ms),
        current_until_ms=cast("int", current_until_ms),
    )


def decode_status_or_none(data: bytes | str | None) -> Status | None:
    return None if data is None else decode_status(data)
