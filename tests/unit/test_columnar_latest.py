"""A latest-by-key view column by column is what it is fact by fact."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

import orjson
import pytest

from backbone.codec.columnar_engine import ColumnarDecoder
from backbone.codec.columns import can_show
from backbone.codec.row_engine import RowDecoder
from backbone.contracts.contract import Contract
from backbone.contracts.domain import micros
from backbone.documents import render
from backbone.errors import Poison, PoisonReason
from backbone.fact import Envelope, Fact
from backbone.record import RecordBatch
from processors.columnar_latest import LatestFacts, latest_facts
from processors.view import LatestByKey
from tests.unit.codec.awkward import AWKWARD, DECIMAL, MICROS, array, record
from tests.unit.codec.payloads import Maker

SCHEMA = record(
    "F",
    key="string",
    seen_at=MICROS,
    version="long",
    price=DECIMAL,
    note=["null", "string"],
    lines=array(record("Line", code="string", amount=["null", DECIMAL], ok="boolean")),
    state={"type": "enum", "name": "State", "symbols": ["UNKNOWN", "PAID"]},
    ratio="double",
    small=["null", "float"],
)
FIELDS = ("note", "price", "seen_at", "version", "lines", "state", "ratio", "small", "key")
VIEW = LatestByKey("things", 1, "test.thing.v1", "F", FIELDS, "key", "k1", 60, "Things.")
Entries = dict[str, tuple[int, int, bytes]]


def _contract(order: str) -> Contract:
    named = ("test.thing.v1", "key", order, 1, "forever", "us", "/test", 60, "public", "any", "x")
    return Contract("F", 1, SCHEMA, *named)


def _batch(random: Random, count: int) -> RecordBatch:
    """Few keys and few order versions, so that they meet; a gap in the offsets here and there."""
    contract, maker = _contract("log"), Maker(random)
    payloads = [maker.write(contract.shape) for _ in range(count)]
    offsets = sorted(random.sample(range(1_000, 1_000 + 2 * count), count))
    keys = [f"k{random.randrange(count // 3)}".encode() for _ in range(count)]
    keys[random.randrange(count)] = random.choice((b"", b"\xff", "ключ".encode()))
    return RecordBatch("test.thing.v1", "id", 0, offsets, keys, payloads, [()] * count, [0] * count)


def _data(payload: bytes) -> dict[str, Any]:
    contract = _contract("log")
    return RowDecoder(contract.schema, contract.shape, contract).decode(payload)


def _columnar(batch: RecordBatch, order: str, max_keys: int) -> LatestFacts:
    contract = _contract(order)
    decoder = ColumnarDecoder(contract.schema, contract.shape, contract)
    payloads = [value for value in batch.values if value is not None]
    return latest_facts(decoder.decode(payloads), batch, VIEW, order, max_keys)


def _version(order: str, data: Mapping[str, Any], offset: int) -> int:
    value = data.get(order, offset)
    return micros(value) if isinstance(value, datetime) else value


class Rows:
    """The view fact by fact: its entries after each record of the batch, and who was overtaken."""

    def __init__(self, batch: RecordBatch, order: str) -> None:
        self.after: list[Entries] = []
        self.overtaken: list[int] = []
        self.bad_keys: list[int] = []
        entries: Entries = {}
        for place, record_ in enumerate(batch):
            entries = dict(entries)
            self._apply(entries, place, record_.key, _data(record_.value or b""), batch, order)
            self.after.append(entries)

    def _apply(
        self,
        entries: Entries,
        place: int,
        key: bytes | None,
        data: dict[str, Any],
        batch: RecordBatch,
        order: str,
    ) -> None:
        try:
            text = (key or b"\xff").decode()
        except UnicodeDecodeError:
            self.bad_keys.append(place)
            return
        offset = batch.offsets[place]
        version = _version(order, data, offset)
        if text in entries and (version, offset) <= entries[text][:2]:
            self.overtaken.append(place)
            return
        fact = Fact("F", text, data, Envelope("1", "/test", datetime.now(UTC), "1"))
        document = orjson.dumps(render(VIEW.apply(None, fact)))
        entries[text] = (version, offset, document)


def _applied(entries: Entries, found: LatestFacts, part: int) -> Entries:
    each = found.parts[part]
    facts = zip(each.order_versions, each.offsets, each.documents, strict=True)
    return entries | dict(zip(each.keys, facts, strict=True))


@pytest.mark.parametrize("order", ["log", "seen_at", "version"])
@pytest.mark.parametrize("seed", range(8))
def test_every_part_leaves_the_view_as_facts_one_by_one_would(order: str, seed: int) -> None:
    batch = _batch(Random(seed), 90)
    rows, found = Rows(batch, order), _columnar(batch, order, max_keys=7)
    entries: Entries = {}
    for part, each in enumerate(found.parts):
        assert len(each.keys) <= 7
        entries = _applied(entries, found, part)
        assert entries == rows.after[each.end - 1]
    assert found.parts[-1].end == len(batch)
    assert list(found.overtaken) == rows.overtaken
    assert sorted(found.poisons) == rows.bad_keys


def test_a_record_without_a_key_is_poison() -> None:
    batch = _batch(Random(1), 9)
    keys: Sequence[bytes | None] = [None, b"", b"\xff", *batch.keys[3:]]
    one = RecordBatch("t", "i", 0, batch.offsets, keys, batch.values, [()] * 9, [0] * 9)
    found = _columnar(one, "log", 100)
    assert [str(found.poisons[place]) for place in (0, 1, 2)] == [
        "the record has no key",
        "the record has no key",
        "the key is not UTF-8",
    ]
    assert all(isinstance(each, Poison) for each in found.poisons.values())
    assert {each.reason for each in found.poisons.values()} == {PoisonReason.BAD_KEY}


def test_the_later_of_two_facts_with_equal_order_versions_stays() -> None:
    contract = _contract("version")
    payload = Maker(Random(3)).write(contract.shape)
    batch = RecordBatch("t", "i", 0, [5, 9], [b"k", b"k"], [payload] * 2, [()] * 2, [0] * 2)
    (part,) = _columnar(batch, "version", 100).parts
    assert (part.places, part.offsets) == ([1], [9])


def test_a_batch_without_an_accepted_fact_is_one_part_that_holds_nothing() -> None:
    batch = RecordBatch("t", "i", 0, [5], [b"k"], [b"damaged"], [()], [0])
    (part,) = _columnar(batch, "log", 100).parts
    assert (part.end, part.keys, part.documents) == (1, [], [])


def test_what_a_document_cannot_hold_cannot_be_shown() -> None:
    shapes = {name: Contract("F", 1, kind, *_NAMED).shape for name, kind in AWKWARD.items()}
    assert can_show(shapes["nested"], ("a", "b", "c"))
    assert not can_show(shapes["times"], ("a", "c"))
    assert not can_show(shapes["bytes"], ("d",))
    assert can_show(shapes["bytes"], ("key",))


_NAMED = ("test.thing.v1", "key", "log", 1, "forever", "us", "/test", 60, "public", "any", "x")
