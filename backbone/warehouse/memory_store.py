"""The warehouse in memory, for tests of whatever stands on its port.

Honest about what it shows: rows stay as often as they were inserted and are one in the view, a
token is remembered by its table, for as many inserts as `remembers`. `away` makes every call
Transient; `swallows` lets so many inserts land and says that they did not answer.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backbone.errors import Misconfigured, Transient
from backbone.fact import LogPosition
from backbone.warehouse.store import Block, Counts, Place, Reached
from backbone.warehouse.table import OFFSET, PARTITION, REMEMBERED_INSERTS, TOPIC_ID, FactTable


@dataclass(slots=True)
class _Table:
    columns: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    tokens: deque[str] = field(default_factory=deque)


class MemoryWarehouse:
    """A writer and a reader in one."""

    def __init__(self, remembers: int = REMEMBERED_INSERTS) -> None:
        self.tables: dict[str, _Table] = {}
        self.away = False
        self.swallows = 0
        self._remembers = remembers
        self._reached: dict[tuple[str, str, int], Reached] = {}

    # writing

    def prepare(self, tables: Sequence[FactTable]) -> None:
        self._answer()
        for table in tables:
            made = self.tables.setdefault(table.name, _Table())
            names = [each.name for each in table.columns]
            made.columns += [each for each in names if each not in made.columns]

    def insert(self, block: Block) -> None:
        self._answer()
        table = self._table(block.table)
        unknown = set(block.rows.columns).difference(table.columns)
        if unknown:
            raise Misconfigured(f"{block.table.rows} has no column {min(unknown)}")
        if block.token not in table.tokens:
            table.rows += block.rows.objects()
            table.tokens.append(block.token)
            while len(table.tokens) > self._remembers:
                table.tokens.popleft()
        if self.swallows:
            self.swallows -= 1
            raise Transient("the memory warehouse inserted, and its answer was lost")

    def advance(self, reached: Sequence[Reached]) -> None:
        self._answer()
        for each in reached:
            key = (each.table, each.topic_id, each.partition)
            before = self._reached.get(key, each)
            self._reached[key] = replace(
                each,
                next_offset=max(each.next_offset, before.next_offset),
                complete_ms=max(each.complete_ms, before.complete_ms),
            )

    def reached(self, topic: str) -> Sequence[Reached]:
        self._answer()
        return [each for each in self._reached.values() if each.topic == topic]

    def empty(self) -> None:
        """As an older copy, or none, put in its place: tables and everything in them are gone."""
        self.tables.clear()
        self._reached.clear()

    # reading

    def row(self, table: FactTable, position: LogPosition) -> Mapping[str, Any] | None:
        place = Place(position.topic_id, position.partition)
        return next(self.rows(table, place, position.offset, position.offset + 1), None)

    def rows(
        self, table: FactTable, place: Place, first: int, end: int
    ) -> Iterator[Mapping[str, Any]]:
        found = {row[OFFSET]: row for row in self._stored(table, place, first, end)}
        for offset in sorted(found):
            yield {**found[offset], **table.data(found[offset])}

    def counts(self, table: FactTable, place: Place, first: int, end: int) -> Counts:
        stored = self._stored(table, place, first, end)
        offsets = {row[OFFSET] for row in stored}
        return Counts(rows=len(offsets), offsets=len(offsets), stored=len(stored))

    def present(self, table: FactTable, place: Place, offsets: Sequence[int]) -> frozenset[int]:
        self._answer()
        if table.name not in self.tables or not offsets:
            return frozenset()
        stored = self._stored(table, place, min(offsets), max(offsets) + 1)
        return frozenset(row[OFFSET] for row in stored).intersection(offsets)

    def complete_up_to(self, table: FactTable) -> Sequence[Reached]:
        self._answer()
        found = [each for each in self._reached.values() if each.table == table.name]
        return sorted(found, key=lambda each: (each.topic_id, each.partition))

    def close(self) -> None:
        """Nothing is held."""

    def _stored(
        self, table: FactTable, place: Place, first: int, end: int
    ) -> Sequence[dict[str, Any]]:
        self._answer()
        return [
            row
            for row in self._table(table).rows
            if (row[TOPIC_ID], row[PARTITION]) == (place.topic_id, place.partition)
            and first <= row[OFFSET] < end
        ]

    def _table(self, table: FactTable) -> _Table:
        if table.name not in self.tables:
            raise Misconfigured(f"the warehouse has no table {table.rows}: prepare it first")
        return self.tables[table.name]

    def _answer(self) -> None:
        if self.away:
            raise Transient("the memory warehouse is away")
