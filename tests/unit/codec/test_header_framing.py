"""Facts whose schema a header names by its GUID, among facts with the prefix that we write."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from backbone.codec.codec import Codec
from backbone.contracts.catalog import Contracts
from backbone.errors import Poison, PoisonReason
from backbone.log import Message
from backbone.record import Headers
from backbone.registry.memory import MemoryRegistry, guid_of
from processors.prices import PRICES as VIEW
from tests.view_bench import Bench

PRICE, PRICES = "shop.pricing.PriceChanged", "pricing.price.v1"
DATA = {
    "stock_code": "85123A",
    "price": Decimal("2.5500"),
    "currency": "GBP",
    "effective_at": datetime(2011, 10, 4, 9, 0, tzinfo=UTC),
}
PAYLOAD = b"\x0c85123A" + b"\4\x63\x9c" + b"\6GBP" + b"\x80\x90\xe7\x8f\xaa\x9d\xd7\x04"
NOTE = {"name": "note", "type": ["null", "string"], "default": None}


@pytest.fixture
def codec(contracts: Contracts, registry: MemoryRegistry) -> Codec:
    return Codec(contracts, registry)


def named_by(guid: UUID) -> Headers:
    return [("ce_id", b"1"), ("__value_schema_id", b"\x01" + guid.bytes)]


def ours(contracts: Contracts) -> Headers:
    return named_by(guid_of(contracts[PRICE].registered))


def with_note_first(contracts: Contracts, registry: MemoryRegistry) -> Headers:
    """Of a writer whose payloads begin with a zero byte, as a frame does."""
    schema = json.loads(contracts[PRICE].registered)
    text = json.dumps({**schema, "fields": [NOTE, *schema["fields"]]})
    registry.register("other", text)
    return named_by(guid_of(text))


def test_a_bare_payload_is_read_by_the_schema_that_its_header_names(
    codec: Codec, contracts: Contracts
) -> None:
    assert codec.decode(PAYLOAD, PRICES, ours(contracts)) == (PRICE, DATA)


def test_a_bare_payload_that_begins_like_a_frame_is_read_by_its_header(
    codec: Codec, contracts: Contracts, registry: MemoryRegistry
) -> None:
    headers = with_note_first(contracts, registry)
    assert codec.decode(b"\0" + PAYLOAD, PRICES, headers) == (PRICE, DATA)


def test_a_payload_that_begins_with_a_known_id_and_is_none_of_its_is_read_by_its_header(
    codec: Codec, contracts: Contracts, registry: MemoryRegistry
) -> None:
    # Once the id counted, whatever came behind it.
    nothing = [{**NOTE, "name": f"note_{number}"} for number in range(4)]
    count = {"name": "count", "type": "int", "default": 0}
    schema = json.loads(contracts[PRICE].registered)
    text = json.dumps({**schema, "fields": [*nothing, count, *schema["fields"]]})
    registry.register("other", text)
    value = b"\0\0\0\0\3" + PAYLOAD  # 3 is the id of an order
    assert codec.decode(value, PRICES, named_by(guid_of(text))) == (PRICE, DATA)


def test_a_framed_value_is_read_whatever_its_header_names(codec: Codec) -> None:
    value = b"\0\0\0\0\1" + PAYLOAD
    assert codec.decode(value, PRICES, named_by(UUID(int=7))) == (PRICE, DATA)


@pytest.mark.parametrize(
    ("value", "header", "reason", "said"),
    [
        (PAYLOAD, b"\x01" + bytes(16), PoisonReason.UNKNOWN_SCHEMA, "GUID 00000000-0000"),
        (PAYLOAD, b"\x01", PoisonReason.BAD_FRAME, "__value_schema_id has 1 bytes"),
        (None, b"\x01" + bytes(16), PoisonReason.BAD_FRAME, "tombstone"),
        (PAYLOAD, None, PoisonReason.BAD_FRAME, "begins with byte 0x0c"),
    ],
)
def test_what_no_header_explains_is_poison(
    codec: Codec, value: bytes | None, header: bytes | None, reason: PoisonReason, said: str
) -> None:
    with pytest.raises(Poison, match=said) as caught:
        codec.decode(value, PRICES, [("__value_schema_id", header)])
    assert caught.value.reason is reason


def test_a_damaged_payload_is_damaged_whichever_way_it_is_framed(
    codec: Codec, contracts: Contracts
) -> None:
    with pytest.raises(Poison) as caught:
        codec.decode(PAYLOAD + b"\0", PRICES, ours(contracts))
    assert caught.value.reason is PoisonReason.TRAILING_BYTES


@pytest.mark.parametrize("others", [1, 500])  # so few are read one by one, so many at once
def test_a_view_takes_both_framings_in_one_batch(others: int) -> None:
    bench = Bench(VIEW)
    headers = named_by(guid_of(bench.contracts[PRICE].registered))
    for number in range(others):
        bench.price(f"C{number}", "1.00", seconds=number)
    bench.append(Message(PRICES, b"85123A", PAYLOAD, headers))
    bench.append(Message(PRICES, b"85123A", PAYLOAD, []))
    bench.worker().run()
    assert bench.served()["85123A"]["price"] == "2.5500"
    assert (len(bench.served()), bench.dead()) == (others + 1, 1)
