"""Whatever the bytes, the decoder gives a fact or a Poison; whatever is written is read back."""

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.codec.row_engine import RowDecoder, RowEncoder
from backbone.contracts.contract import Contract
from backbone.errors import Poison, PoisonReason

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
KINDS: dict[str, Any] = {
    "key": "string",
    "flag": "boolean",
    "small": "int",
    "large": "long",
    "ratio": "double",
    "price": DECIMAL,
    "seen_at": {"type": "long", "logicalType": "timestamp-micros"},
    "day": {"type": "int", "logicalType": "date"},
    "id": {"type": "string", "logicalType": "uuid"},
    "state": {"type": "enum", "name": "State", "symbols": ["UNKNOWN", "PAID"]},
    "note": ["null", "string"],
    "tax": [DECIMAL, "null"],
    "lines": {
        "type": "array",
        "items": {
            "type": "record",
            "name": "Line",
            "fields": [{"name": "n", "type": "int"}, {"name": "t", "type": ["null", "string"]}],
        },
    },
    "labels": {"type": "map", "values": ["null", DECIMAL]},
}
FIELDS = [{"name": name, "type": kind} for name, kind in KINDS.items()]
SCHEMA = {"type": "record", "name": "Happened", "fields": FIELDS}
NAMED = ("test.thing.v1", "key", "log", 1, "forever", "us", "/test", 60, "public", "any", "draft")
CONTRACT = Contract("Happened", 1, SCHEMA, *NAMED)
DECODER = RowDecoder(SCHEMA, CONTRACT.shape, CONTRACT)
ENCODER = RowEncoder(CONTRACT)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
decimals = st.integers(-(10**19) + 1, 10**19 - 1).map(lambda n: Decimal(n).scaleb(-4))
values = st.fixed_dictionaries(
    {
        "key": texts,
        "flag": st.booleans(),
        "small": st.integers(-(2**31), 2**31 - 1),
        "large": st.integers(-(2**63), 2**63 - 1),
        "ratio": st.floats(allow_nan=False, allow_infinity=False),
        "price": decimals,
        "seen_at": st.datetimes(timezones=st.just(UTC)),
        "day": st.dates(),
        "id": st.uuids().map(str),
        "state": st.sampled_from(["UNKNOWN", "PAID"]),
        "note": st.none() | texts,
        "tax": st.none() | decimals,
        "lines": st.lists(
            st.fixed_dictionaries({"n": st.integers(-5, 5), "t": st.none() | texts}), max_size=5
        ),
        "labels": st.dictionaries(texts, st.none() | decimals, max_size=5),
    }
)
SAMPLE: dict[str, Any] = {
    "key": "Привет, мир",
    "flag": True,
    "small": -1,
    "large": 2**62,
    "ratio": 0.1,
    "price": Decimal("2.5500"),
    "seen_at": datetime(2011, 10, 4, tzinfo=UTC),
    "day": date(2011, 10, 4),
    "id": "89791762-2336-4186-9674-299b90a802e2",
    "state": "PAID",
    "note": "你好世界",
    "tax": Decimal("0.2000"),
    "lines": [{"n": 1, "t": None}, {"n": 2, "t": "b"}],
    "labels": {"ключ, и ещё": Decimal(1), "b": None},
}
PAYLOAD = ENCODER.encode(SAMPLE)


@given(values)
@settings(max_examples=300, deadline=None)
def test_every_value_that_is_written_is_read_as_it_was(value: dict[str, Any]) -> None:
    assert DECODER.decode(ENCODER.encode(value)) == value


@given(st.binary(max_size=200))
@settings(max_examples=500, deadline=None)
def test_random_bytes_are_a_fact_or_poison(payload: bytes) -> None:
    with contextlib.suppress(Poison):
        DECODER.decode(payload)


@given(st.integers(0, len(PAYLOAD) - 1), st.binary(max_size=12), st.integers(0, 12))
@settings(max_examples=1_000, deadline=None)
def test_a_damaged_fact_is_a_fact_that_could_be_written_or_poison(
    at: int, written: bytes, over: int
) -> None:
    damaged = PAYLOAD[:at] + written + PAYLOAD[at + over :]
    with contextlib.suppress(Poison):
        read = DECODER.decode(damaged)
        assert DECODER.decode(ENCODER.encode(read)) == read


def test_a_fact_cut_off_anywhere_is_undecodable() -> None:
    for end in range(len(PAYLOAD)):
        with pytest.raises(Poison) as caught:
            DECODER.decode(PAYLOAD[:end])
        assert caught.value.reason is PoisonReason.UNDECODABLE


def test_every_violation_of_a_decoded_fact_is_named_by_its_path() -> None:
    raw = {
        "type": "record",
        "name": "Happened",
        "fields": [{"name": "small", "type": "long"}, {"name": "ratio", "type": "double"}],
    }
    ours = {**raw, "fields": [{"name": "small", "type": "int"}, raw["fields"][1]]}
    contract = Contract("Happened", 1, ours, *NAMED)
    payload = RowEncoder(Contract("Happened", 1, raw, *NAMED)).encode(
        {"small": 2**40, "ratio": 0.1}
    )
    with pytest.raises(Poison) as caught:
        RowDecoder(ours, contract.shape, contract).decode(payload[:-8] + b"\xff" * 8)
    assert caught.value.violations == ("small: must fit in 32 bits", "ratio: must be finite")


def test_a_message_about_a_damaged_fact_quotes_none_of_it() -> None:
    with pytest.raises(Poison) as caught:
        DECODER.decode(b"\x14secret@a.b")
    assert "secret" not in str(caught.value)
