"""A bridge on memory twins: the second major's facts told as the first one's, each once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backbone.codec.codec import Codec
from backbone.contracts.catalog import Contracts
from backbone.cursor_record import CursorRecord
from backbone.envelope import to_headers
from backbone.errors import Fatal, Misconfigured, Transient
from backbone.fact import Envelope, Fact
from backbone.log import Message, TopicSpec
from backbone.memory.log import MemoryAdmin, MemoryAppender, MemoryLog
from backbone.memory.reader import MemoryReader
from backbone.record import last_header
from backbone.recorded_fact import fact_of
from backbone.registry.memory import MemoryRegistry
from backbone.source_runner import Edges, SourceRunner
from producers.bridge.carrying import Carrying
from producers.bridge.checksums import compare
from producers.bridge.declaration import Bridge
from producers.bridge.source import BridgeSource

OLD, NEW = "test.WeightTaken", "test.v2.WeightTaken"
OLD_TOPIC, NEW_TOPIC = "test.weight.v1", "test.weight.v2"
AT = datetime(2026, 1, 2, tzinfo=UTC)


def carried(data: Any) -> dict[str, Any] | None:
    """The new major says kilograms, the old one grams; nothing it never told."""
    if not data["kilograms"]:
        return None
    return {"thing_id": data["thing_id"], "grams": int(data["kilograms"] * 1000)}


BRIDGE = Bridge("weights-v1", NEW, OLD, carried)


def contracts(folder: Path) -> Contracts:
    for name, namespace, topic, field in (
        ("v1", "test", OLD_TOPIC, {"name": "grams", "type": "int", "doc": "In grams."}),
        ("v2", "test.v2", NEW_TOPIC, {"name": "kilograms", "type": _KILOGRAMS, "doc": "In kg."}),
    ):
        schema = {
            "type": "record",
            "name": "WeightTaken",
            "namespace": namespace,
            "doc": "Weighed.",
            "contract": {**_CONTRACT, "topic": topic},
            "fields": [{"name": "thing_id", "type": "string", "doc": "Which."}, field],
        }
        (folder / f"weight_taken.{name}.avsc").write_text(json.dumps(schema))
    return Contracts.load(folder)


_KILOGRAMS = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 3}
_CONTRACT = {
    "key": "thing_id",
    "order": "log",
    "owner": "us",
    "system_of_record": "/test",
    "partitions": 2,
    "retention": "forever",
    "freshness_seconds": 60,
    "classification": "internal",
    "residency": "any",
    "status": "active",
}


class Bench:
    def __init__(self, folder: Path) -> None:
        self.contracts = contracts(folder)
        self.log, registry = MemoryLog(), MemoryRegistry()
        for contract in self.contracts.values():
            registry.register(contract.subject, contract.registered)
        self.codec = Codec(self.contracts, registry)
        self.codec.check([OLD, NEW])
        admin = MemoryAdmin(self.log)
        for name, partitions in ((OLD_TOPIC, 2), (NEW_TOPIC, 2), (CURSOR, 1), (LETTERS, 1)):
            admin.create(TopicSpec(name, partitions))

    def weigh(self, key: str, kilograms: str) -> None:
        envelope = Envelope(f"id-{key}-{kilograms}", "/test", AT, "1")
        data = {"thing_id": key, "kilograms": Decimal(kilograms)}
        value = self.codec.encode(Fact(NEW, key, data, envelope))
        headers = to_headers(envelope, f"{NEW}.v2")
        MemoryAppender(self.log).append([Message(NEW_TOPIC, key.encode(), value, headers)])

    def run(self, before_commit: Callable[[], None] = lambda: None) -> None:
        made = BridgeSource(BRIDGE, self.contracts, self.reader, lambda: self.codec)

        def publisher(shard: int) -> Any:
            found = self.log.publisher(f"tx-{shard}", (CURSOR, shard))
            publish = found.publish

            def failing(messages: Any, cursor: Any) -> None:
                before_commit()
                publish(messages, cursor)

            found.publish = failing  # type: ignore[method-assign] # of this one
            return found

        edges = Edges(publisher, self.codec, self.contracts, {OLD_TOPIC: 1_000_000})
        runner = SourceRunner(made, edges)
        membership = self.log.membership("bridge", CURSOR, runner)
        runner.run(membership, lambda: False, until_idle=True)
        membership.close()

    def reader(self) -> MemoryReader:
        return MemoryReader(self.log)

    def old(self) -> list[tuple[str, int]]:
        records = self.reader().scan(OLD_TOPIC)
        facts = [fact_of(each, self.codec, 2) for each in records]
        return sorted((each.key, each.data["grams"]) for each in facts)

    def compared(self) -> Any:
        newest = self.reader().newest(CURSOR, 0)
        assert newest is not None
        cursor = CursorRecord.from_bytes(newest).cursor
        return compare(Carrying(BRIDGE, self.contracts), cursor, self.reader(), self.codec)


CURSOR, LETTERS = "cursor.weights-v1", "dlq.weights-v1"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_every_new_fact_is_told_once_as_the_old_one(bench: Bench) -> None:
    bench.weigh("a", "1.500")
    bench.weigh("b", "2.000")
    bench.run()
    bench.weigh("a", "1.750")
    bench.run()
    assert bench.old() == [("a", 1500), ("a", 1750), ("b", 2000)]


def test_a_transaction_that_failed_is_told_again_and_only_once(bench: Bench) -> None:
    bench.weigh("a", "1.500")
    left = [2]

    def fail_twice() -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise Transient("the broker is away", retry_after_seconds=0.01)

    bench.run(fail_twice)
    assert bench.old() == [("a", 1500)]
    assert left == [-1]


def test_an_id_follows_from_the_new_facts(bench: Bench) -> None:
    bench.weigh("a", "1.500")
    (record,) = bench.reader().scan(NEW_TOPIC)
    carrying = Carrying(BRIDGE, bench.contracts)
    one, other = (carrying.carried(record, bench.codec) for _ in range(2))
    assert isinstance(one, Fact)
    assert one == other
    assert (one.envelope.source, one.envelope.causation_id) == ("/test", "id-a-1.500")
    assert one.envelope.id != "id-a-1.500"


def test_what_has_nothing_to_tell_is_passed_over(bench: Bench) -> None:
    bench.weigh("a", "0.000")
    bench.weigh("a", "1.000")
    bench.run()
    assert bench.old() == [("a", 1000)]
    assert list(bench.reader().scan(LETTERS)) == []


def test_what_cannot_be_carried_is_a_dead_letter_with_its_own_bytes(bench: Bench) -> None:
    bench.weigh("a", "999999.999")
    bench.weigh("b", "1.000")
    bridge = Bridge("weights-v1", NEW, OLD, lambda _: {"thing_id": "x", "grams": 1 / 0})
    made = BridgeSource(bridge, bench.contracts, bench.reader, lambda: bench.codec)
    batch = made.poll(None)
    assert [each.poison.reason for each in batch.rejects] == ["handler_failed"] * 2
    values = {each.value for each in bench.reader().scan(NEW_TOPIC)}
    assert {each.origin.value for each in batch.rejects} == values


def test_another_key_is_refused(bench: Bench) -> None:
    bench.weigh("a", "1.000")
    bridge = Bridge("weights-v1", NEW, OLD, lambda _: {"thing_id": "z", "grams": 1})
    batch = BridgeSource(bridge, bench.contracts, bench.reader, lambda: bench.codec).poll(None)
    assert [str(each.poison) for each in batch.rejects] == [
        "thing_id: the bridge must keep the key"
    ]


def test_a_topic_that_was_created_again_stops_the_bridge(bench: Bench) -> None:
    bench.weigh("a", "1.000")
    made = BridgeSource(BRIDGE, bench.contracts, bench.reader, lambda: bench.codec)
    cursor = {"topic_id": "another", "offsets": {}}
    with pytest.raises(Fatal, match="created again"):
        made.poll(cursor)


def test_both_topics_have_one_checksum_while_all_was_told(bench: Bench) -> None:
    bench.weigh("a", "1.500")
    bench.weigh("b", "0.000")
    bench.weigh("b", "2.000")
    bench.run()
    bench.weigh("b", "3.000")  # behind the cursor: not yet to be told
    assert bench.compared().agree
    assert bench.compared().found.facts == 2


def test_what_is_told_meanwhile_is_no_difference(bench: Bench) -> None:
    bench.weigh("a", "1.500")
    bench.run()
    newest = bench.reader().newest(CURSOR, 0)
    assert newest is not None
    cursor = CursorRecord.from_bytes(newest).cursor
    bench.weigh("a", "2.500")
    bench.run()
    found = compare(Carrying(BRIDGE, bench.contracts), cursor, bench.reader(), bench.codec)
    assert found.agree
    assert found.found.facts == 1


def test_a_dead_letter_is_nothing_that_is_lost(bench: Bench) -> None:
    bench.weigh("a", "999999.999")
    bench.weigh("b", "3000.000")
    bridge = Bridge(
        "weights-v1", NEW, OLD, lambda data: {"thing_id": data["thing_id"], "grams": 1 << 40}
    )
    cursor = {"topic_id": "", "offsets": {"0": 2, "1": 2}}
    found = compare(Carrying(bridge, bench.contracts), cursor, bench.reader(), bench.codec)
    assert (found.expected.facts, found.agree) == (0, True)


def test_a_fact_told_twice_or_lost_changes_the_checksum(bench: Bench) -> None:
    bench.weigh("a", "1.500")
    bench.weigh("b", "2.000")
    bench.run()
    record = next(iter(bench.reader().scan(OLD_TOPIC)))
    again = Message(OLD_TOPIC, record.key, record.value, record.headers)
    MemoryAppender(bench.log).append([again])
    twice = bench.compared()
    assert (twice.agree, twice.expected.facts, twice.found.facts) == (False, 2, 3)
    for rows in bench.log.topic(OLD_TOPIC).partitions:
        rows.clear()
    assert bench.compared().found.facts == 0


def test_facts_of_others_in_the_old_topic_are_not_the_bridges(bench: Bench) -> None:
    bench.weigh("a", "1.500")
    bench.run()
    record = next(iter(bench.reader().scan(OLD_TOPIC)))
    headers = [(name, value) for name, value in record.headers if name != "ce_sequence"]
    MemoryAppender(bench.log).append([Message(OLD_TOPIC, record.key, record.value, headers)])
    assert last_header(headers, "ce_sequence") is None
    assert bench.compared().agree


def test_a_bridge_from_a_topic_to_itself_is_refused(bench: Bench) -> None:
    with pytest.raises(Misconfigured, match="to itself"):
        Carrying(Bridge("b", OLD, OLD, carried), bench.contracts)
    with pytest.raises(Misconfigured, match="no such fact"):
        Carrying(Bridge("b", "test.Gone", OLD, carried), bench.contracts)
