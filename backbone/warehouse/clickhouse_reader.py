"""Reading the warehouse on ClickHouse: see `backbone.warehouse.store`. Apart from writing it, which
takes Polars, for whoever only asks."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from backbone.fact import LogPosition
from backbone.warehouse.clickhouse_client import ClickHouse, NoTable
from backbone.warehouse.reached_table import REACHED, REACHED_COLUMNS
from backbone.warehouse.store import Counts, Place, Reached
from backbone.warehouse.table import (
    OFFSET,
    PARTITION,
    TOPIC_ID,
    FactTable,
    lineage,
    quoted,
    text,
)

_PLACE = f"{TOPIC_ID} = {{topic_id:String}} AND {PARTITION} = {{partition:UInt16}}"
_STRETCH = f"{_PLACE} AND {OFFSET} >= {{first:UInt64}} AND {OFFSET} < {{end:UInt64}}"
_PAGE = 10_000  # rows that are read at a time


class ClickHouseReader:
    """See `backbone.warehouse.store.WarehouseReader`."""

    def __init__(self, url: str) -> None:
        self._clickhouse = ClickHouse(url)

    def row(self, table: FactTable, position: LogPosition) -> Mapping[str, Any] | None:
        place = Place(position.topic_id, position.partition)
        return next(self.rows(table, place, position.offset, position.offset + 1), None)

    def rows(
        self, table: FactTable, place: Place, first: int, end: int
    ) -> Iterator[Mapping[str, Any]]:
        while True:
            statement = (
                f"SELECT * FROM {quoted(table.name)} WHERE {_STRETCH} "
                f"ORDER BY {OFFSET} LIMIT {_PAGE}"
            )
            names, found = self._clickhouse.select(statement, **_stretch(place, first, end))
            for values in found:
                row = dict(zip(names, values, strict=True))
                first = row[OFFSET] + 1
                yield {**lineage(row), **table.data(row)}
            if len(found) < _PAGE:
                return

    def counts(self, table: FactTable, place: Place, first: int, end: int) -> Counts:
        stretch = _stretch(place, first, end)
        _, ((rows, offsets),) = self._clickhouse.select(
            f"SELECT count(), uniqExact({OFFSET}) FROM {quoted(table.name)} WHERE {_STRETCH}",
            **stretch,
        )
        _, ((stored,),) = self._clickhouse.select(
            f"SELECT count() FROM {quoted(table.rows)} WHERE {_STRETCH}", **stretch
        )
        return Counts(rows, offsets, stored)

    def present(self, table: FactTable, place: Place, offsets: Sequence[int]) -> frozenset[int]:
        found: set[int] = set()
        for start in range(0, len(offsets), _PAGE):
            listed = ", ".join(map(str, offsets[start : start + _PAGE]))
            statement = (
                f"SELECT DISTINCT {OFFSET} FROM {quoted(table.rows)} "
                f"WHERE {_PLACE} AND {OFFSET} IN ({listed})"
            )
            where = {"topic_id": place.topic_id, "partition": place.partition}
            try:
                _, rows = self._clickhouse.select(statement, **where)
            except NoTable:
                return frozenset()
            found.update(row[0] for row in rows)
        return frozenset(found)

    def complete_up_to(self, table: FactTable) -> Sequence[Reached]:
        try:
            return reached_by(self._clickhouse, "fact", table.name)
        except NoTable:
            return []

    def close(self) -> None:
        self._clickhouse.close()


def _stretch(place: Place, first: int, end: int) -> Mapping[str, Any]:
    return {"topic_id": place.topic_id, "partition": place.partition, "first": first, "end": end}


def reached_by(clickhouse: ClickHouse, column: str, value: str) -> Sequence[Reached]:
    """How far tables are: those of a fact, or of a topic."""
    _, rows = clickhouse.select(
        f"SELECT {', '.join(REACHED_COLUMNS)} FROM {REACHED} WHERE {column} = {{value:String}} "
        "ORDER BY topic_id, partition, fact",
        value=value,
    )
    return [
        Reached(text(fact), text(topic_id), text(topic), partition, offset, _millis(until))
        for fact, topic_id, topic, partition, offset, until in rows
    ]


def _millis(instant: datetime) -> int:
    return round(instant.astimezone(UTC).timestamp() * 1000)
