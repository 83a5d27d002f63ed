import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from backbone.codec.codec import Codec
from backbone.contracts.catalog import Contracts
from backbone.errors import Misconfigured, Poison, PoisonReason, Transient
from backbone.fact import Fact
from backbone.registry.memory import MemoryRegistry

PRICE, PRICES = "shop.pricing.PriceChanged", "pricing.price.v1"
ORDER, ORDERS = "shop.sales.OrderPlaced", "sales.order.v1"
CANCELLED = "shop.sales.OrderCancelled"
SINCE = datetime(2011, 10, 4, 9, 0, tzinfo=UTC)
DATA = {
    "stock_code": "85123A",
    "price": Decimal("2.5500"),
    "currency": "GBP",
    "effective_at": SINCE,
}
VALUE = (
    b"\0\0\0\0\1" + b"\x0c85123A" + b"\4\x63\x9c" + b"\6GBP" + b"\x80\x90\xe7\x8f\xaa\x9d\xd7\x04"
)
FactOf = Callable[..., Fact]


class Watched(MemoryRegistry):
    """Counts the questions, and does not answer while `away`."""

    away = False

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def schema(self, schema_id: int) -> str | None:
        self.asked.append(schema_id)
        if self.away:
            raise Transient("the registry is away")
        return super().schema(schema_id)


@pytest.fixture
def codec(contracts: Contracts, registry: MemoryRegistry) -> Codec:
    made = Codec(contracts, registry)
    made.check(list(contracts))
    return made


def _poison(codec: Codec, value: bytes | None, topic: str = PRICES) -> Poison:
    with pytest.raises(Poison) as caught:
        codec.decode(value, topic)
    return caught.value


def _older(schema: str, **changes: Any) -> str:
    return json.dumps({**json.loads(schema), **changes})


def test_a_fact_is_written_as_confluent_frame_and_avro(codec: Codec, fact_of: FactOf) -> None:
    written = codec.encode(fact_of(PRICE, "85123A", **DATA))
    assert written == VALUE


def test_a_written_fact_is_read_with_name_and_data(codec: Codec) -> None:
    assert codec.decode(VALUE, PRICES) == (PRICE, DATA)


def test_a_fact_that_breaks_its_contract_is_not_written(codec: Codec, fact_of: FactOf) -> None:
    broken = {**DATA, "price": Decimal(0), "currency": "pounds"}
    with pytest.raises(Poison) as caught:
        codec.encode(fact_of(PRICE, "85123A", **broken))
    assert caught.value.reason is PoisonReason.INVALID
    assert caught.value.violations == (
        "price: must be greater than 0",
        "currency: must match ^[A-Z]{3}$",
    )


def test_a_fact_under_another_key_than_its_own_is_not_written(
    codec: Codec, fact_of: FactOf
) -> None:
    with pytest.raises(Poison) as caught:
        codec.encode(fact_of(PRICE, "22423", **DATA))
    assert caught.value.reason is PoisonReason.BAD_KEY


def test_the_start_up_check_names_every_contract_that_is_not_registered(
    contracts: Contracts,
) -> None:
    with pytest.raises(Misconfigured) as caught:
        Codec(contracts, MemoryRegistry()).check([PRICE, ORDER])
    assert str(caught.value) == (
        "the schema registry does not have these contracts: "
        "shop.pricing.PriceChanged (subject pricing.price.v1-shop.pricing.PriceChanged), "
        "shop.sales.OrderPlaced (subject sales.order.v1-shop.sales.OrderPlaced); "
        "run `backbone contracts register`"
    )


def test_the_start_up_check_names_a_contract_that_does_not_exist(codec: Codec) -> None:
    with pytest.raises(Misconfigured, match=r"there is no contract shop\.Nothing"):
        codec.check(["shop.Nothing"])


def test_a_type_that_was_not_checked_is_not_written(
    contracts: Contracts, registry: MemoryRegistry, fact_of: FactOf
) -> None:
    with pytest.raises(Misconfigured, match="was not checked at start"):
        Codec(contracts, registry).encode(fact_of(PRICE, "85123A", **DATA))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, PoisonReason.BAD_FRAME),
        (b"", PoisonReason.BAD_FRAME),
        (b"{}{}{}", PoisonReason.BAD_FRAME),
        (b"\0\0\0\0\x63payload", PoisonReason.UNKNOWN_SCHEMA),
        (VALUE[:-1], PoisonReason.UNDECODABLE),
        (VALUE + b"\0", PoisonReason.TRAILING_BYTES),
        (b"\0\0\0\0\2" + VALUE[5:], PoisonReason.UNEXPECTED_FACT),
    ],
)
def test_what_can_never_be_read_is_poison_with_its_reason(
    codec: Codec, value: bytes | None, reason: PoisonReason
) -> None:
    assert _poison(codec, value).reason is reason


def test_a_fact_of_another_topic_is_unexpected_and_the_message_says_what_was_expected(
    codec: Codec,
) -> None:
    assert str(_poison(codec, VALUE, ORDERS)) == (
        "sales.order.v1 carries shop.sales.OrderCancelled, shop.sales.OrderPlaced, "
        "this is a shop.pricing.PriceChanged"
    )


def test_a_schema_is_asked_for_once(contracts: Contracts) -> None:
    registry = Watched()
    registry.register("s", contracts[PRICE].registered)
    codec = Codec(contracts, registry)
    for _ in range(3):
        codec.decode(VALUE, PRICES)
    registry.away = True
    codec.decode(VALUE, PRICES)
    assert registry.asked == [1]


def test_an_unknown_schema_is_asked_for_again_after_five_seconds(contracts: Contracts) -> None:
    registry, now = Watched(), [100.0]
    codec = Codec(contracts, registry, clock=lambda: now[0])
    for second in (100.0, 104.9, 105.0):
        now[0] = second
        assert _poison(codec, VALUE).reason is PoisonReason.UNKNOWN_SCHEMA
    registry.register("s", contracts[PRICE].registered)
    now[0] = 110.0
    assert codec.decode(VALUE, PRICES) == (PRICE, DATA)
    assert registry.asked == [1, 1, 1]


def test_while_the_registry_is_away_an_unseen_schema_waits_and_is_no_poison(
    contracts: Contracts,
) -> None:
    registry = Watched()
    registry.register("s", contracts[PRICE].registered)
    registry.away = True
    codec = Codec(contracts, registry)
    with pytest.raises(Transient):
        codec.decode(VALUE, PRICES)
    registry.away = False
    assert codec.decode(VALUE, PRICES) == (PRICE, DATA)


def test_a_refused_schema_is_asked_for_once_however_many_records_use_it(
    contracts: Contracts,
) -> None:
    registry = Watched()
    node = {"name": "next", "type": ["null", "shop.pricing.PriceChanged"]}
    registry.register("s", _older(contracts[PRICE].registered, fields=[node]))
    codec = Codec(contracts, registry)
    reasons = [_poison(codec, VALUE).reason for _ in range(3)]
    assert reasons == [PoisonReason.SCHEMA_REFUSED] * 3
    assert registry.asked == [1]


def test_a_fact_of_a_newer_version_is_read_with_our_fields(
    contracts: Contracts, registry: MemoryRegistry
) -> None:
    fields = json.loads(contracts[CANCELLED].registered)["fields"]
    extra = {"name": "by", "type": ["null", "string"], "default": None}
    newer = _older(contracts[CANCELLED].registered, fields=[extra, *fields])
    registry.register("s", newer)
    value = b"\0\0\0\0\4" + b"\2\4me" + b"\x0c536365" + b"\0" + b"\0"
    name, data = Codec(contracts, registry).decode(value, ORDERS)
    assert (name, sorted(data)) == (CANCELLED, ["cancelled_at", "order_id", "reason"])


def test_a_fact_of_an_older_version_gets_our_defaults(
    contracts: Contracts, registry: MemoryRegistry
) -> None:
    fields = json.loads(contracts[CANCELLED].registered)["fields"]
    registry.register("s", _older(contracts[CANCELLED].registered, fields=fields[:2]))
    value = b"\0\0\0\0\4" + b"\x0c536365" + b"\0"
    _, data = Codec(contracts, registry).decode(value, ORDERS)
    assert data == {
        "order_id": "536365",
        "cancelled_at": datetime(1970, 1, 1, tzinfo=UTC),
        "reason": None,
    }


def test_a_field_that_we_do_not_read_must_be_sound_all_the_same(
    contracts: Contracts, registry: MemoryRegistry
) -> None:
    fields = json.loads(contracts[CANCELLED].registered)["fields"]
    extra = {"name": "by", "type": ["null", "string"], "default": None}
    registry.register("s", _older(contracts[CANCELLED].registered, fields=[extra, *fields]))
    value = b"\0\0\0\0\4" + b"\2\2\0" + b"\x0c536365" + b"\0" + b"\0"
    poison = _poison(Codec(contracts, registry), value, ORDERS)
    assert poison.reason is PoisonReason.OUT_OF_DOMAIN
    assert poison.violations == ("by: must not hold a NUL character",)


def test_a_schema_that_cannot_be_read_with_our_contract_is_poison(
    contracts: Contracts, registry: MemoryRegistry
) -> None:
    fields = json.loads(contracts[CANCELLED].registered)["fields"]
    registry.register("s", _older(contracts[CANCELLED].registered, fields=fields[:1]))
    poison = _poison(Codec(contracts, registry), b"\0\0\0\0\4" + b"\x0c536365", ORDERS)
    assert poison.reason is PoisonReason.SCHEMA_REFUSED


def test_the_order_version_is_the_contracts_field_or_the_log_offset(codec: Codec) -> None:
    assert codec.order_version(PRICE, DATA, offset=7) == 1_317_718_800_000_000
    assert codec.order_version(ORDER, {}, offset=7) == 7


def test_forged_schema_ids_without_end_do_not_fill_the_memory(contracts: Contracts) -> None:
    codec = Codec(contracts, MemoryRegistry())
    for schema_id in range(50_050):
        _poison(codec, schema_id.to_bytes(5, "big"))
    assert len(codec._refused) == 50
