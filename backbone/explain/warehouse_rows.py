"""What the warehouse tells of a fact: its row at the fact's log position."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from backbone.contracts.catalog import Contracts
from backbone.explain.evidence import Account, Broken, Testimony, Unseen
from backbone.fact import Envelope, Fact, LogPosition
from backbone.warehouse.store import WarehouseReader
from backbone.warehouse.table import CORRELATION, EVENT_ID, PUBLISHED, SOURCE, FactTable

KEPT: Final = frozenset({"id", "source", "correlation_id"})
"""What a row keeps of a fact's envelope."""

IsDead = Callable[[LogPosition], bool]
"""Whether the sink has put this record to its dead letters."""


class WarehouseRows:
    """Asks for one row at a time. Raises what the reader raises."""

    def __init__(self, reader: WarehouseReader, contracts: Contracts, is_dead: IsDead) -> None:
        self._reader = reader
        self._contracts = contracts
        self._is_dead = is_dead

    def __call__(self, own: Fact) -> Testimony:
        """`own` is the fact as it stands in the log: its type and position say which row."""
        table = FactTable(self._contracts[own.type])
        position = own.position
        if position is None:
            return Unseen(table.name, "the fact has no log position")
        where = f"{table.name} {position.partition}/{position.offset}"
        row = self._reader.row(table, position)
        if row is None:
            return self._missing(table, position, where)
        return Account(where, fact_of_row(table, row, own), KEPT)

    def _missing(self, table: FactTable, position: LogPosition, where: str) -> Testimony:
        """A table that says it is complete up to there has lost it."""
        reached = self._reached(table, position)
        if reached <= position.offset:
            return Unseen(where, f"not loaded yet: the table is complete up to {reached}")
        if self._is_dead(position):
            return Unseen(where, "not loaded: it lies with the dead letters of the warehouse")
        return Broken(where, f"the row is missing, and the table is complete up to {reached}")

    def _reached(self, table: FactTable, position: LogPosition) -> int:
        place = position.topic_id, position.partition
        return max(
            (
                each.next_offset
                for each in self._reader.complete_up_to(table)
                if (each.topic_id, each.partition) == place
            ),
            default=0,
        )


def fact_of_row(table: FactTable, row: Mapping[str, Any], own: Fact) -> Fact:
    """The row as a fact; what a row does not keep is taken from the fact itself."""
    data = table.data(row)
    envelope = Envelope(
        id=row[EVENT_ID],
        source=row[SOURCE],
        time=own.envelope.time,
        sequence=own.envelope.sequence,
        correlation_id=row[CORRELATION] or None,
    )
    key = data.get(table.contract.key)
    return Fact(
        table.contract.type,
        own.key if key is None else str(key),
        data,
        envelope,
        position=own.position,
        published_at=row[PUBLISHED],
    )
