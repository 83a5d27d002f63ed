"""Writing the warehouse on ClickHouse: see `backbone.warehouse.store`."""

from collections.abc import Mapping, Sequence

from backbone.warehouse.clickhouse_client import ClickHouse
from backbone.warehouse.clickhouse_reader import reached_by
from backbone.warehouse.masked_view import masked_view
from backbone.warehouse.reached_table import (
    CREATE_REACHED,
    REACHED_COLUMNS,
    REACHED_ROWS,
    VIEW_REACHED,
)
from backbone.warehouse.store import Block, Reached
from backbone.warehouse.table import (
    FactTable,
    literal,
    quoted,
    text,
)


class ClickHouseWriter:
    """See `backbone.warehouse.store.WarehouseWriter`."""

    def __init__(self, url: str) -> None:
        self._clickhouse = ClickHouse(url)

    def prepare(self, tables: Sequence[FactTable]) -> None:
        self._clickhouse.command(CREATE_REACHED)
        self._clickhouse.command(VIEW_REACHED)
        for table in tables:
            self._clickhouse.command(table.create())
            for change in table.changes(self._columns(table.rows)):
                self._clickhouse.command(change)
            self._clickhouse.command(table.view())
            masked = masked_view(table)
            if masked is not None:
                self._clickhouse.command(masked)

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
        target = _target(REACHED_ROWS, REACHED_COLUMNS)
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
