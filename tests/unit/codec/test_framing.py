from typing import Any
from uuid import UUID

import pytest
from confluent_kafka.schema_registry import header_schema_id_serializer
from confluent_kafka.schema_registry.serde import SchemaId
from confluent_kafka.serialization import MessageField, SerializationContext

from backbone.codec.framing import frame, schema_guid, unframe
from backbone.errors import Poison, PoisonReason


def test_the_frame_is_confluents() -> None:
    assert frame(1, b"x") == b"\x00\x00\x00\x00\x01x"
    assert unframe(b"\x00\xff\xff\xff\xffpayload") == (4_294_967_295, b"payload")


def test_a_payload_may_be_empty() -> None:
    assert unframe(frame(7, b"")) == (7, b"")


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (None, "the value is null"),
        (b"", "the value has 0 bytes, a frame has at least 5"),
        (b"\0\0\0\1", "the value has 4 bytes"),
        (b'{"a":1}', "the value begins with byte 0x7b"),
        (b"\xff\0\0\0\1", "the value begins with byte 0xff"),
    ],
)
def test_what_is_no_frame_is_refused_with_what_was_seen(value: bytes | None, seen: str) -> None:
    with pytest.raises(Poison, match=seen):
        unframe(value)


# The vector of Confluent's own tests.
GUID = UUID("89791762-2336-4186-9674-299b90a802e2")
HEADER = bytes.fromhex("0189791762233641869674299b90a802e2")


def test_the_header_names_the_schema_by_its_guid() -> None:
    assert schema_guid([("ce_id", b"1"), ("__value_schema_id", HEADER)]) == GUID
    assert schema_guid([("ce_id", b"1"), ("__key_schema_id", HEADER)]) is None
    assert schema_guid([("__value_schema_id", None)]) is None


def test_what_confluents_own_serializer_writes_is_read() -> None:
    headers: Any = []
    context = SerializationContext("pricing.price.v1", MessageField.VALUE, headers)
    schema_id = SchemaId("AVRO", 1, str(GUID))
    assert header_schema_id_serializer(b"payload", context, schema_id) == b"payload"
    assert schema_guid(headers) == GUID


def test_the_last_header_of_the_name_counts() -> None:
    other = b"\x01" + bytes(16)
    assert schema_guid([("__value_schema_id", other), ("__value_schema_id", HEADER)]) == GUID


@pytest.mark.parametrize(
    ("named", "seen"),
    [
        (b"", "has 0 bytes; it has 17"),
        (HEADER[:-1], "has 16 bytes, the first 0x01"),
        (HEADER + b"\0", "has 18 bytes"),
        (b"\x02" + HEADER[1:], "has 17 bytes, the first 0x02"),
    ],
)
def test_a_header_that_is_none_is_refused_with_what_was_seen(named: bytes, seen: str) -> None:
    with pytest.raises(Poison, match=seen) as caught:
        schema_guid([("__value_schema_id", named)])
    assert caught.value.reason is PoisonReason.BAD_FRAME
