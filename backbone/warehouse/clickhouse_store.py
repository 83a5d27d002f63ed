"""Writing the warehouse on ClickHouse: see `backbone.warehouse.store`."""

from collections.abc import Mapping, Sequence

from backbone.warehouse.clickhouse_client import ClickHouse
from backbone.warehouse.clickhouse_reader import REACHED, REACHED_COLUMNS, reached_by
from backbone.warehouse.store import Block, Reached
from backbone.warehouse.table import (
    FactTable,
    literal,
    quoted,
    text,
)

_REACHED_ROWS = f"{REACHED}__rows"
# What is said of a partition only ever grows, in whatever order it arrives and from whomever.
_CREATE_REACHED = f"""\
CREATE TABLE IF NOT EXISTS {_REACHED_ROWS}
(
    fact LowCardinality(String) COMMENT 'the fact''s view',
    topic_id LowCardinality(String),
    topic LowCardinality(String),
    partition UInt16,
    next_offset SimpleAggregateFunction(max, UInt64),
    complete_until SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (fact, topic_id, topic, partition)
COMMENT 'How far each fact has each partition of its topic'"""
_VIEW_REACHED = f"""\
CREATE OR REPLACE VIEW {REACHED} AS
SELECT fact, topic_id, topic, partition,
       max(r.next_offset) AS next_offset, max(r.complete_until) AS complete_until
FROM {_REACHED_ROWS} AS r
GROUP BY fact, topic_id, topic, partition"""


class ClickHouseWriter:
    """See `backbone.warehouse.store.WarehouseWriter`."""

    def __init__(self, url: str) -> None:
        self._clickhouse = ClickHouse(url)

    def prepare(self, tables: Sequence[FactTable]) -> None:
        self._clickhouse.command(_CREATE_REACHED)
        self._clickhouse.command(_VIEW_REACHED)
        for table in tables:
            self._clickhouse.command(table.create())
            for change in table.changes(self._columns(table.rows)):
                self._clickhouse.command(change)
            self._clickhouse.command(table.view())

    def _columns(self, table: str) -> Mapping[str, str]:
        _, rows = self._clickhouse.select(f"DESCRIBE TABLE {quoted(table)}")
        return {text(row[0]): text(row[1]) for row in rows}

    def insert(self, block: Block) -> None:
        settings = {
            "insert_deduplication_token": block.token,
            "deduplicate_blocks_in_dependent_materialized_views": 1,
            # the rows of a block are different ones: merging it with itself is work for nothing
            "optimize_on_insert": 0,
        }
        target = _target(block.table.rows, block.rows.columns)
        structure = block.table.structure
        if structure is not None:
            target += f" SELECT {_listed(block.rows.columns)} FROM input({literal(structure)})"
        self._clickhouse.insert(target, block.rows.arrow(), settings)

    def advance(self, reached: Sequence[Reached]) -> None:
        target = _target(_REACHED_ROWS, REACHED_COLUMNS)
        values = ", ".join(map(_reached_values, reached))
        self._clickhouse.insert_values(target, values, {"insert_deduplicate": 0})

    def reached(self, topic: str) -> Sequence[Reached]:
        return reached_by(self._clickhouse, "topic", topic)

    def close(self) -> None:
        self._clickhouse.close()


def _reached_values(reached: Reached) -> str:
    """In the order of REACHED_COLUMNS."""
    names = (literal(each) for each in (reached.table, reached.topic_id, reached.topic))
    instant = f"fromUnixTimestamp64Milli({reached.complete_ms})"
    return f"({', '.join(names)}, {reached.partition}, {reached.next_offset}, {instant})"


def _target(table: str, columns: Sequence[str]) -> str:
    return f"{quoted(table)} ({_listed(columns)})"


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(map(quoted, columns))
