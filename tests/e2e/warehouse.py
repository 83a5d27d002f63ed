"""What the warehouse must hold after any accident: the topic, row by row, and nothing twice."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import clickhouse_connect
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from backbone.errors import Poison
from backbone.record import Record, last_header
from backbone.warehouse.clickhouse_reader import ClickHouseReader
from backbone.warehouse.store import Place
from backbone.warehouse.table import FactTable
from tests.e2e.world import World

SINK = ("run", "sink", "warehouse")
_ALL = 1 << 62
Position = tuple[int, int]
"""Partition and offset."""


class Warehouse:
    def __init__(self, world: World) -> None:
        self.world = world
        self.reader = ClickHouseReader(world.clickhouse_url)

    def close(self) -> None:
        self.reader.close()

    # what must be there

    def expected(self, topic: str) -> tuple[dict[str, dict[Position, Any]], set[Position]]:
        """By the row engine, record by record: facts by type, and what is none."""
        facts: defaultdict[str, dict[Position, Any]] = defaultdict(dict)
        poison: set[Position] = set()
        for record in self.world.records(topic):
            position = (record.position.partition, record.position.offset)
            try:
                kind, data = self.world.codec.decode(record.value, topic, record.headers)
                facts[kind][position] = {**_lineage(record), **data}
            except Poison:
                poison.add(position)
        return facts, poison

    # what is there

    def rows(self, kind: str) -> dict[Position, Any]:
        table = self.table(kind)
        names = ("_event_id", "_source", *(each.name for each in table.contract.shape.fields))
        return {
            (place.partition, row["_kafka_offset"]): {name: row[name] for name in names}
            for place in self.places(kind)
            for row in self.reader.rows(table, place, 0, _ALL)
        }

    def has(self, kind: str) -> bool:
        """Whether anything is loaded."""
        found = self.reader.complete_up_to(self.table(kind))
        return any(each.next_offset for each in found) and bool(self.rows(kind))

    def count(self, topic: str) -> int:
        """Rows of all fact types of a topic."""
        kinds = [each.type for each in self.world.contracts.of_topic(topic)]
        return sum(len(self.rows(kind)) for kind in kinds)

    def stored(self, kind: str) -> int:
        table = self.table(kind)
        return sum(self.reader.counts(table, place, 0, _ALL).stored for place in self.places(kind))

    def complete(self, topic: str) -> bool:
        """Every table of the topic is complete up to the end of every partition."""
        ends = self.world.admin.ends(topic)
        found = [
            {each.partition: each.next_offset for each in self.reader.complete_up_to(table)}
            for table in map(FactTable, self.world.contracts.of_topic(topic))
        ]
        return all(reached.get(each, -1) >= end for reached in found for each, end in ends.items())

    def dead(self, topic: str) -> set[Position]:
        """Where the dead letters of a topic come from."""
        return {
            (_number(each, "partition"), _number(each, "offset"))
            for each in self.world.dead("warehouse")
            if last_header(each.headers, "__connect.errors.topic") == topic.encode()
        }

    def table(self, kind: str) -> FactTable:
        return FactTable(self.world.contracts[kind])

    def places(self, kind: str) -> Sequence[Place]:
        contract = self.world.contracts[kind]
        topic_id = self.world.admin.topic_ids([contract.topic])[contract.topic]
        return [Place(topic_id, each) for each in range(contract.partitions)]

    # by hand

    def command(self, statement: str) -> Any:
        client = clickhouse_connect.get_client(dsn=self.world.clickhouse_url)
        try:
            return client.command(statement)
        finally:
            client.close()

    def rewind(self, topic: str, offset: int) -> None:
        """As an operator does, with Kafka's own means; nobody may be in the group."""
        group = f"{self.world.app}.warehouse.{topic}"
        partitions = range(self.world.contracts.of_topic(topic)[0].partitions)
        places = [TopicPartition(topic, each, offset) for each in partitions]
        asked = [ConsumerGroupTopicPartitions(group, places)]
        self.world.admin._client.alter_consumer_group_offsets(asked)[group].result()


@contextmanager
def warehouse_of(world: World) -> Iterator[Warehouse]:
    made = Warehouse(world)
    yield made
    made.close()


def equals_its_topic(warehouse: Warehouse, topic: str, seconds: float = 60.0) -> None:
    """Waits until the warehouse says that it is complete."""
    warehouse.world.wait(lambda: warehouse.complete(topic), f"{topic} is loaded", seconds)
    facts, poison = warehouse.expected(topic)
    for kind in (each.type for each in warehouse.world.contracts.of_topic(topic)):
        assert warehouse.rows(kind) == facts.get(kind, {})
    assert warehouse.dead(topic) == poison


def _lineage(record: Record) -> Mapping[str, str]:
    found = {name: last_header(record.headers, name) or b"" for name in ("ce_id", "ce_source")}
    return {"_event_id": found["ce_id"].decode(), "_source": found["ce_source"].decode()}


def _number(record: Record, name: str) -> int:
    return int(last_header(record.headers, f"__connect.errors.{name}") or b"-1")
