"""Confluent's framings: a prefix before the payload, or a header beside it.

Prefix: a zero byte, the schema id in four bytes, the payload; what we write. Header: `0x01` and the
16 bytes of the schema's GUID in `__value_schema_id`, the payload bare; read where others write it.
"""

import struct
from collections.abc import Sequence
from operator import itemgetter
from typing import cast
from uuid import UUID

from backbone.byte_column import ByteColumn
from backbone.errors import Poison, PoisonReason
from backbone.record import Headers, last_header

SCHEMA_HEADER = "__value_schema_id"

_FRAME = struct.Struct(">bI")
PREFIX_BYTES = _FRAME.size
_PREFIX, _PAYLOAD = itemgetter(slice(PREFIX_BYTES)), itemgetter(slice(PREFIX_BYTES, None))
_GUID_MAGIC = 1
_HEADER_BYTES = 17


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


def frames(values: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """The first bytes of each value, which say how it is to be read."""
    if isinstance(values, ByteColumn):
        alike = values.prefix(PREFIX_BYTES)
        if alike is None:
            return values.cut(0, PREFIX_BYTES).objects()
        return [alike] * len(values)
    try:
        return [*map(_PREFIX, cast("Sequence[bytes]", values))]
    except TypeError:
        return [None if value is None else value[:PREFIX_BYTES] for value in values]


def payloads(values: Sequence[bytes | None]) -> list[bytes]:
    """What stands behind the first bytes of each value."""
    if isinstance(values, ByteColumn):
        return [each or b"" for each in values.cut(PREFIX_BYTES).objects()]
    try:
        return [*map(_PAYLOAD, cast("Sequence[bytes]", values))]
    except TypeError:
        return [(value or b"")[PREFIX_BYTES:] for value in values]


def schema_guid(headers: Headers) -> UUID | None:
    """The schema's GUID by the record's headers, None where they name none.

    Raises Poison(BAD_FRAME) for a header that is not as serializers write it.
    """
    named = last_header(headers, SCHEMA_HEADER)
    if named is None:
        return None
    if len(named) != _HEADER_BYTES or named[0] != _GUID_MAGIC:
        begin = f", the first 0x{named[0]:02x}" if named else ""
        raise _bad(
            f"the header {SCHEMA_HEADER} has {len(named)} bytes{begin}; it has {_HEADER_BYTES}, "
            "the first 0x01, where a serializer of the schema registry wrote it"
        )
    return UUID(bytes=named[1:])


def names_schema(headers: Headers) -> bool:
    """Whether the record's headers say, rightly or not, which schema its value has."""
    return last_header(headers, SCHEMA_HEADER) is not None


def _bad(message: str) -> Poison:
    return Poison(PoisonReason.BAD_FRAME, message)
