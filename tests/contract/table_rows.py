"""Rows of a warehouse's table for tests: a fact's data at some offsets."""

from collections.abc import Mapping, Sequence
from typing import Any

from backbone.codec.table_columns import Front, TableColumns, TableRows
from backbone.contracts.contract import Contract
from backbone.warehouse.table import (
    CORRELATION,
    EVENT_ID,
    OFFSET,
    PARTITION,
    PUBLISHED,
    SCHEMA_ID,
    SOURCE,
    TOPIC,
    TOPIC_ID,
)


def front(topic: str, topic_id: str, partition: int, offsets: Sequence[int]) -> Front:
    made, count = Front(), len(offsets)
    made.same(TOPIC_ID, topic_id, count)
    made.same(TOPIC, topic, count)
    made.same(PARTITION, partition, count)
    made.numbers(OFFSET, offsets)
    made.texts(EVENT_ID, [f"event-{offset}".encode() for offset in offsets])
    made.same(SOURCE, "/test", count)
    made.texts(CORRELATION, [None] * count)
    made.same(SCHEMA_ID, 7, count)
    made.instants(PUBLISHED, [1_700_000_000_000 + offset for offset in offsets])
    return made


def rows_of(
    contract: Contract,
    data: Mapping[int, Mapping[str, Any]],
    topic_id: str = "topic-1",
    partition: int = 0,
) -> TableRows:
    """One row for each offset."""
    columns = TableColumns(contract.shape).of_rows(data.items())
    return columns.behind(front(contract.topic, topic_id, partition, list(data)))
