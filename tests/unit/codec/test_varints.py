"""Few payloads are walked byte by byte; that walk must not lose its way in any type."""

from typing import Any

import pytest

from backbone.codec.varints import Overlong, compile_check
from backbone.contracts.shape import read_shape

TEXT = "Привет, мир".encode()
SIZED_TEXT = bytes([len(TEXT) * 2]) + TEXT
OVERLONG = b"\x80" * 10 + b"\1"
LOWEST = b"\xff" * 9 + b"\1"  # -2**63


def check(payload: bytes, *kinds: Any) -> None:
    fields = [{"name": f"f{index}", "type": kind} for index, kind in enumerate(kinds)]
    compile_check(read_shape({"type": "record", "name": "R", "fields": fields}))(payload)


@pytest.mark.parametrize(
    ("kinds", "between"),
    [
        (["boolean", "float", "double"], bytes(13)),
        ([{"type": "fixed", "name": "F", "size": 3}], b"\xff\xff\xff"),
        (["bytes", "string"], b"\2\xff" + SIZED_TEXT),
        ([["null", "string"], ["string", "null"]], b"\0" + b"\2"),
        ([["null", "string"], ["string", "null"]], b"\2" + SIZED_TEXT + b"\0" + SIZED_TEXT),
        ([["null", "string"]], b"\1" + SIZED_TEXT),
        ([{"type": "array", "items": "string"}], b"\4" + SIZED_TEXT * 2 + b"\0"),
        ([{"type": "array", "items": "string"}], b"\3\x52" + SIZED_TEXT * 2 + b"\2\0\0"),
        ([{"type": "map", "values": "int"}], b"\2" + SIZED_TEXT + b"\2\0"),
        ([{"type": "enum", "name": "E", "symbols": ["A", "B"]}], b"\2"),
    ],
)
def test_an_overlong_number_is_found_behind_any_value(kinds: list[Any], between: bytes) -> None:
    check(SIZED_TEXT + between + b"\2", "string", *kinds, "long")
    check(SIZED_TEXT + between + LOWEST, "string", *kinds, "long")
    with pytest.raises(Overlong):
        check(SIZED_TEXT + between + OVERLONG, "string", *kinds, "long")


def test_a_count_that_no_payload_holds_ends_the_walk_at_once() -> None:
    # fastavro takes this block for an empty one; booleans are skipped without looking at the bytes.
    with pytest.raises(Overlong):
        check(LOWEST + b"\0" + b"\0", {"type": "array", "items": "boolean"})
