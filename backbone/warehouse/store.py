"""The port of the warehouse: what a sink and whoever asks about what it loaded need of it.

`backbone/warehouse/clickhouse_*.py` implement it on ClickHouse, `backbone/warehouse/
memory_store.py` in memory; both pass `tests/contract/test_warehouse.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from backbone.fact import LogPosition
from backbone.warehouse.table import FactTable


class Rows(Protocol):
    """Rows to insert, column by column: `backbone.codec.table_columns.TableRows`."""

    def __len__(self) -> int: ...

    @property
    def columns(self) -> Sequence[str]: ...

    def arrow(self) -> bytes:
        """One record batch as an Arrow stream."""

    def objects(self) -> list[dict[str, Any]]:
        """The rows as plain values."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one table that are inserted together or not at all. The same token means the same
    rows: a table that remembers it takes them once."""

    table: FactTable
    token: str
    rows: Rows


@dataclass(frozen=True, slots=True)
class Reached:
    """How far one table has one partition of its topic: everything below `next_offset` is loaded,
    or in the dead letters, and so is whatever was published up to `complete_ms` (ms since 1970)."""

    table: str
    topic_id: str
    topic: str
    partition: int
    next_offset: int
    complete_ms: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the log: one partition of a topic of this id."""

    topic_id: str
    partition: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What a table has of a stretch of the log. `rows` and `offsets` (different ones) are those of
    the view; `stored` counts rows that wait for being merged away as well."""

    rows: int
    offsets: int
    stored: int


class WarehouseWriter(Protocol):
    """Used by a sink alone. Every call raises Transient when the warehouse does not answer (what
    was asked may have happened all the same), Misconfigured or Fatal when it refuses."""

    def prepare(self, tables: Sequence[FactTable]) -> None:
        """Make what is missing of tables, views and columns; what is there stays. Called at start,
        and when a newer schema brings a column."""

    def insert(self, block: Block) -> None:
        """Insert all rows or none. With a token that the table remembers, nothing is inserted."""

    def advance(self, reached: Sequence[Reached]) -> None:
        """Say how far tables are. What is below what was said before changes nothing."""

    def reached(self, topic: str) -> Sequence[Reached]:
        """What was said of a topic's tables, of whatever topic ids."""

    def close(self) -> None: ...


class WarehouseReader(Protocol):
    """For whoever explains a value or balances the books. Reads what analysts read: a row's fields
    are named as its columns; those of the fact are as the codec gives them.

    Every call raises as a writer's do."""

    def row(self, table: FactTable, position: LogPosition) -> Mapping[str, Any] | None:
        """The row of one record; None where there is none."""

    def rows(
        self, table: FactTable, place: Place, first: int, end: int
    ) -> Iterator[Mapping[str, Any]]:
        """The rows of the offsets from `first` up to, not including, `end`, in their order."""

    def counts(self, table: FactTable, place: Place, first: int, end: int) -> Counts:
        """How many there are of the offsets from `first` up to, not including, `end`."""

    def present(self, table: FactTable, place: Place, offsets: Sequence[int]) -> frozenset[int]:
        """Those of the offsets of which there is a row; none before the table was made."""

    def complete_up_to(self, table: FactTable) -> Sequence[Reached]:
        """How far the table has each partition of its topic; empty before it was first loaded."""

    def close(self) -> None: ...
