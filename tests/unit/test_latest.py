"""A latest-by-key view worked out a batch at once is what it is fact by fact."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from backbone.codec.codec import Codec
from backbone.codec.columnar_engine import columnar
from backbone.codec.columns import can_show
from backbone.codec.framing import frame
from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.errors import PoisonReason
from backbone.partitioner import partition_of
from backbone.record import Header, Outcome, Outcomes, RecordBatch
from backbone.registry.memory import MemoryRegistry
from backbone.views.encoding import decode_entry
from backbone.views.memory_store import MemoryViews
from backbone.views.store import EncodedEntry, Entry, Part, Status, ViewId
from processors.batch_facts import FEW
from processors.folding import Folding
from processors.latest import Latest
from processors.stored import Stored
from processors.view import LatestByKey
from tests.unit.codec.awkward import AWKWARD, DECIMAL, MICROS, array, record
from tests.unit.codec.payloads import Maker

PARTITIONS = 3
PARTITION = 1
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
START = Status("id", 1_000, 0, 0, 0)
KEYS = [
    key.encode()
    for key in (*(f"k{number}" for number in range(150)), *(f"ключ {n}" for n in range(20)))
    if partition_of(key.encode(), PARTITIONS) == PARTITION
]
BAD_KEYS = (None, b"", b"\xff", b"k0" if partition_of(b"k0", PARTITIONS) != PARTITION else b"k1")
Entries = dict[str, Entry | None]


class Setting:
    """A view of one contract, and both ways to work out what a batch changes in it."""

    def __init__(self, order: str, max_keys: int = 7, schema: Any = SCHEMA) -> None:
        contract = Contract("F", 1, schema, VIEW.topic, "key", order, PARTITIONS, *_TERMS)
        registry = MemoryRegistry()
        self.schema_id = registry.register(contract.subject, contract.registered)
        codec = Codec(Contracts({"F": contract}), registry, batch_engine=columnar)
        self.shape = contract.shape
        self.folding = Folding(VIEW, codec, PARTITIONS)
        self.latest = Latest(VIEW, codec, contract, PARTITIONS, max_keys)
        self.writer = MemoryViews().writer()

    def batch(self, random: Random, count: int) -> RecordBatch:
        """Few keys and few order versions, so that they meet; gaps, damage, and what was read
        before; headers as they may come."""
        maker = Maker(random)
        values: list[bytes | None] = [
            frame(self.schema_id, maker.write(self.shape)) for _ in range(count)
        ]
        keys: list[bytes | None] = [random.choice(KEYS) for _ in range(count)]
        for place in random.sample(range(count), 5):
            values[place] = _damaged(random, values[place] or b"")
        for place in random.sample(range(count), 4):
            keys[place] = random.choice(BAD_KEYS)
        offsets = sorted(random.sample(range(990, 990 + 2 * count), count))
        headers = [_headers(random, offset) for offset in offsets]
        times = sorted(1_700_000_000_000 + random.randrange(10_000) for _ in range(count))
        return RecordBatch(VIEW.topic, "id", PARTITION, offsets, keys, values, headers, times)

    def stored(self, *parts: Part) -> Stored:
        return Stored(self.writer, ViewId("things", 1, PARTITIONS), PARTITION, parts)

    def by_rows(self, batch: RecordBatch, stored: Stored) -> tuple[Outcomes, list[Part]]:
        outcomes = Outcomes(len(batch))
        return outcomes, self.folding.begin(batch, START, stored, outcomes)()

    def at_once(self, batch: RecordBatch, stored: Stored) -> tuple[Outcomes, list[Part]]:
        outcomes = Outcomes(len(batch))
        parts = self.latest.work(batch, START, stored, outcomes)
        assert parts is not None, "it was left to the rows"
        return outcomes, parts


def _damaged(random: Random, value: bytes) -> bytes | None:
    return random.choice((None, b"", b"\x00\x00", b"\x01" + value[1:], value[:-1], value + b"\x00"))


def _headers(random: Random, offset: int) -> Sequence[Header]:
    known: list[Header] = [
        ("ce_id", f"id-{offset}".encode()),
        ("ce_source", b'/a "quoted" source'),
        ("ce_sequence", b"7"),
        ("ce_time", b"2026-01-01T00:00:00.001999Z"),
        ("ce_time", None),
    ]
    strange: list[Header] = [("ce_time", b"yesterday"), ("ce_id", b"\xff"), ("other", b"")]
    return random.sample(known, random.randrange(6)) + random.sample(strange, random.randrange(2))


def _cut(batch: RecordBatch, end: int) -> RecordBatch:
    return replace(
        batch,
        offsets=batch.offsets[:end],
        keys=batch.keys[:end],
        values=batch.values[:end],
        headers=batch.headers[:end],
        timestamps_ms=batch.timestamps_ms[:end],
    )


def _after(parts: Sequence[Part]) -> Iterator[tuple[Status, Entries]]:
    """The view after each of the parts."""
    entries: Entries = {}
    for part in parts:
        for key, entry in part.entries.items():
            entries[key] = decode_entry(entry.data) if isinstance(entry, EncodedEntry) else entry
        yield part.status, dict(entries)


@pytest.mark.parametrize("order", ["log", "seen_at", "version"])
@pytest.mark.parametrize("seed", range(6))
def test_every_part_leaves_the_view_as_facts_one_by_one_would(order: str, seed: int) -> None:
    setting = Setting(order)
    before, batch = (setting.batch(Random(f"{seed} {at}"), 130) for at in range(2))
    stored = setting.stored(*setting.by_rows(before, setting.stored())[1])
    outcomes, parts = setting.at_once(batch, stored)
    expected, _ = setting.by_rows(batch, stored)
    assert bytes(outcomes.codes) == bytes(expected.codes)
    assert _told(outcomes) == _told(expected)
    assert outcomes.count(Outcome.SUPERSEDED) > 0
    for status, entries in _after(parts):
        assert len(entries) > 0
        end = sum(offset < status.offset for offset in batch.offsets)
        _, rows = setting.by_rows(_cut(batch, end), stored)
        assert (status, entries) == list(_after(rows))[-1]
    assert [part.expected_offset for part in parts[1:]] == [p.status.offset for p in parts[:-1]]
    assert all(len(part.entries) <= 7 for part in parts)
    assert parts[-1].status.offset == batch.next_offset


def _told(outcomes: Outcomes) -> dict[int, tuple[PoisonReason, str]]:
    return {place: (poison.reason, str(poison)) for place, poison in outcomes.poisons.items()}


def test_working_out_again_gives_the_same() -> None:
    setting = Setting("version")
    batch = setting.batch(Random(1), 200)
    assert (
        setting.at_once(batch, setting.stored())[1] == setting.at_once(batch, setting.stored())[1]
    )


def test_parts_on_their_way_count_more_than_what_the_store_holds() -> None:
    setting = Setting("log")
    batch = setting.batch(Random(2), 200)
    _, parts = setting.at_once(batch, setting.stored())
    outcomes, again = setting.at_once(batch, setting.stored(*parts))
    assert not any(part.entries for part in again)
    assert outcomes.count(Outcome.APPLIED) == 0


def test_few_records_and_schemas_with_maps_are_left_to_the_rows() -> None:
    setting = Setting("log")
    few = setting.batch(Random(3), FEW - 1)
    outcomes = Outcomes(len(few))
    assert setting.latest.work(few, START, setting.stored(), outcomes) is None
    mapped = Setting("log", schema={**SCHEMA, "fields": [*SCHEMA["fields"], _MAP]})
    batch = RecordBatch(
        VIEW.topic,
        "id",
        PARTITION,
        list(range(1_000, 1_000 + FEW)),
        [KEYS[0]] * FEW,
        [frame(mapped.schema_id, b"")] * FEW,
        [()] * FEW,
        [0] * FEW,
    )
    assert mapped.latest.work(batch, START, mapped.stored(), outcomes) is None
    assert outcomes.count(Outcome.APPLIED) == len(few), "and nothing is said of them"


def test_what_a_document_cannot_hold_cannot_be_shown() -> None:
    shapes = {
        name: Contract("F", 1, kind, "t", "key", "log", 1, *_TERMS).shape
        for name, kind in AWKWARD.items()
    }
    assert can_show(shapes["nested"], ("a", "b", "c"))
    assert not can_show(shapes["times"], ("a", "c"))
    assert not can_show(shapes["bytes"], ("d",))
    assert can_show(shapes["bytes"], ("key",))


_MAP = {"name": "counts", "type": {"type": "map", "values": "long"}}
_TERMS = ("forever", "us", "/test", 60, "public", "any", "draft")


@pytest.mark.parametrize("order", ["log", "seen_at", "version"])
@pytest.mark.parametrize("seed", range(6))
def test_a_batch_behind_all_that_is_stored_is_what_its_facts_one_by_one_are(
    order: str, seed: int
) -> None:
    setting = Setting(order)
    before, batch = (setting.batch(Random(f"{seed} {at}"), 130) for at in range(2))
    batch = replace(batch, offsets=[1_000 + offset for offset in batch.offsets])
    keys = [key if key in KEYS else KEYS[0] for key in batch.keys]
    batch = replace(batch, keys=keys)
    stored = setting.stored(*setting.by_rows(before, setting.stored())[1])
    outcomes, parts = setting.at_once(batch, stored)
    expected, _ = setting.by_rows(batch, stored)
    assert bytes(outcomes.codes) == bytes(expected.codes)
    assert len(parts) > 1
    for status, entries in _after(parts):
        end = sum(offset < status.offset for offset in batch.offsets)
        _, whole = setting.by_rows(_cut(batch, end), stored)
        assert entries == dict(list(_after(whole))[-1][1])
