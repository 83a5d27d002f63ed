"""Confluent's prefix framing: a zero byte, the schema id in four bytes, the payload."""

import struct

from backbone.errors import Poison, PoisonReason

_FRAME = struct.Struct(">bI")
PREFIX_BYTES = _FRAME.size


def frame(schema_id: int, payload: bytes) -> bytes:
    return _FRAME.pack(0, schema_id) + payload


def unframe(value: bytes | None) -> tuple[int, bytes]:
    """Split into schema id and payload. Raises Poison(BAD_FRAME), saying what was seen instead."""
    if value is None:
        raise _bad("the value is null (a tombstone); facts are never deleted")
    if len(value) < PREFIX_BYTES:
        raise _bad(f"the value has {len(value)} bytes, a frame has at least {PREFIX_BYTES}")
    magic, schema_id = _FRAME.unpack_from(value)
    if magic != 0:
        raise _bad(
            f"the value begins with byte 0x{value[0]:02x}, a frame with 0x00: it was not written "
            "by a serializer of the schema registry"
        )
    return schema_id, value[PREFIX_BYTES:]


def _bad(message: str) -> Poison:
    return Poison(PoisonReason.BAD_FRAME, message)
