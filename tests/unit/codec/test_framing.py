import pytest

from backbone.codec.framing import frame, unframe
from backbone.errors import Poison


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
