"""Payloads of one schema joined into one Avro container, each between two guards.

A record is written without any mark of its end, so payloads that follow one another would take
each other's bytes where one is cut short or padded. Before each stands the number of its row,
behind it a number drawn at random for this container. A reader that finds both as they were written
has read every payload exactly: bytes too many would have to hold the random number, and a payload
that swallows its neighbour's guard leaves the wrong row number behind.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

_MAGIC = b"Obj\x01"
_SYNC = bytes(16)  # one block a container: there is nothing to find again
_GUARD_BITS = 62

_rows: list[bytes] = []


def varint(number: int) -> bytes:
    """Avro's int and long."""
    rest, written = (number << 1) ^ (number >> 63), bytearray()
    while rest > 0x7F:  # noqa: PLR2004 - seven bits a byte, the eighth says that more follows
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    written.append(rest)
    return bytes(written)


def draw_guard() -> int:
    """A number no payload can know: drawn anew for every container."""
    return secrets.randbits(_GUARD_BITS)


class Container:
    """Builds the containers of one schema; the schema has the row number first, the guard last."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._head = container_head(schema)

    def of(self, payloads: Sequence[bytes], guard: int) -> bytes:
        count = len(payloads)
        parts = [b""] * (3 * count)
        parts[0::3] = _row_numbers(count)
        parts[1::3] = payloads
        parts[2::3] = [varint(guard)] * count
        return container_of(self._head, parts, count)


def container_head(schema: Mapping[str, Any]) -> bytes:
    """What a container begins with."""
    text = json.dumps(schema).encode()
    metadata = b"".join((varint(1), _sized(b"avro.schema"), _sized(text), varint(0)))
    return b"".join((_MAGIC, metadata, _SYNC))


def container_of(head: bytes, parts: Sequence[bytes], count: int) -> bytes:
    """A container of one block of `count` records, which `parts` are together."""
    size = sum(map(len, parts))
    return b"".join((head, varint(count), varint(size), *parts, _SYNC))


def _row_numbers(count: int) -> list[bytes]:
    """The same for every container, so written once."""
    global _rows  # noqa: PLW0603 - put in place whole: views of other threads use it, too
    rows = _rows
    if len(rows) < count:
        rows = _rows = [*rows, *map(varint, range(len(rows), count))]
    return rows[:count]


def _sized(content: bytes) -> bytes:
    return varint(len(content)) + content
