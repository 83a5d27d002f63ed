"""Bytes that nobody should have written, made by hand: one kind of bad record each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backbone.codec.framing import frame
from backbone.log import Message
from backbone.record import last_header
from tests.e2e.world import PRICES, World

PRICE_CHANGED = "shop.pricing.PriceChanged"
NOBODYS_IDS = (2**31 - 1, 2**31, 2**32 - 1)
BEYOND_TIME = 2**62  # microseconds: the year 148,000
NESTING = b"\x02" * 10_000 + b"\x00"
SOME_NULLS = b"\x80\x80\x80\x80\x80\x80\x80\x80\x20\x00"  # 2**58 of them, in ten bytes

_NODE: dict[str, Any] = {
    "type": "record",
    "name": "PriceChanged",
    "namespace": "shop.pricing",
    "fields": [{"name": "inner", "type": ["null", "PriceChanged"], "default": None}],
}
_BOMB: dict[str, Any] = {
    **_NODE,
    "fields": [{"name": "items", "type": {"type": "array", "items": "null"}}],
}


@dataclass(frozen=True, slots=True)
class Bad:
    """A record with the reason it is parked for, and words of the message that goes with it."""

    message: Message
    code: str
    words: str


def number(value: int) -> bytes:
    """An Avro int or long."""
    left, encoded = (value << 1) ^ (value >> 63), bytearray()
    while left > 0x7F:
        encoded.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*encoded, left])


def text(value: str) -> bytes:
    return number(len(value)) + value.encode()


def price(code: str, at: int = 0, amount: bytes = b"\x01") -> bytes:
    """A PriceChanged's payload."""
    return text(code) + number(len(amount)) + amount + text("GBP") + number(at)


def order(order_id: str, quantity: int) -> bytes:
    """An OrderPlaced's payload, with one line and for a guest."""
    line = text("C1") + b"\x00" + number(quantity) + b"\x02\x01"
    lines = number(1) + line + b"\x00"
    return text(order_id) + number(0) + b"\x00" + text("France") + text("GBP") + lines


def schema_id(world: World, fact: str) -> int:
    contract = world.contracts[fact]
    found = world.registry.lookup(contract.subject, contract.registered)
    assert found is not None
    return found


def bad_prices(world: World) -> Sequence[Bad]:
    """One record of each kind, for the topic of prices."""
    ours = schema_id(world, PRICE_CHANGED)
    foreign = schema_id(world, "shop.sales.OrderCancelled")
    nested = world.registry.register("e2e-self-nesting", json.dumps(_NODE))
    bomb = world.registry.register("e2e-zero-width", json.dumps(_BOMB))
    cancelled = text("o1") + number(0) + b"\x00"
    good = frame(ours, price("whole"))
    return [
        Bad(_record("magic", b"\x01" + good[1:]), "bad_frame", "begins with byte 0x01"),
        Bad(_record("short", b"\x00\x00"), "bad_frame", "has 2 bytes"),
        Bad(_record("tombstone", None), "bad_frame", "tombstone"),
        *(
            Bad(_record(f"id-{each}", frame(each, b"")), "unknown_schema", f"schema id {each}")
            for each in NOBODYS_IDS
        ),
        Bad(_record("nested", frame(nested, NESTING)), "schema_refused", "inner"),
        Bad(_record("bomb", frame(bomb, SOME_NULLS)), "schema_refused", "items"),
        Bad(_record("cut", good[:-1]), "undecodable", "cut off"),
        Bad(_record("tail", good + b"!"), "trailing_bytes", "1 bytes are left over"),
        Bad(_record("time", frame(ours, price("t", BEYOND_TIME))), "out_of_domain", "effective_at"),
        Bad(_record("money", frame(ours, price("m", 0, b"\x7f" * 9))), "out_of_domain", "price"),
        Bad(_record("type", frame(foreign, cancelled)), "unexpected_fact", "shop.sales.Order"),
        Bad(Message(PRICES, None, good, _HEADERS, 0), "bad_key", "no key"),
        Bad(Message(PRICES, b"\xff", good, _HEADERS), "bad_key", "not UTF-8"),
    ]


_HEADERS = (("ce_id", b"a foreign producer's"), ("strange", b"\xff\x00"), ("empty", None))


def _record(key: str, value: bytes | None) -> Message:
    return Message(PRICES, f"bad-{key}".encode(), value, _HEADERS)


def is_bad(headers: Sequence[tuple[str, bytes | None]]) -> bool:
    return last_header(headers, "ce_id") == b"a foreign producer's"
