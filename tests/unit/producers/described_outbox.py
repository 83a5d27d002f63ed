"""An outbox that a test describes row by row."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from producers.outbox.page import ReadLess
from producers.outbox.row import OutboxRow
from producers.outbox.rows import OutboxRows
from producers.outbox.snapshot import Identity, OutboxCursor, Sighting, Snapshot
from producers.outbox.source import OutboxSource, Settings

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEYS = {"sales.order.OrderPlaced": "order_id", "sales.order.OrderCancelled": "order_id"}


def row(position: int = 1, payload: str = '{"order_id":"7"}', **changed: Any) -> OutboxRow:
    values: dict[str, Any] = {
        "tx_id": 10 + position,
        "id": f"00000000-0000-0000-0000-{position:012d}",
        "aggregateid": "7",
        "type": "OrderPlaced",
        "headers": None,
        "occurred_at": NOON,
    }
    return OutboxRow(position=position, payload=payload, **{**values, **changed})


class Database:
    """Every row is visible and belongs to the open window."""

    where = "db:5432/shop"

    def __init__(self, *rows: OutboxRow) -> None:
        self.table = list(rows)
        self.seen = Sighting(Identity("7301", 1), Snapshot(100))
        self.asked: list[int] = []
        self.too_many = math.inf  # so many rows do not come in time

    @property
    def reads(self) -> int:
        return len(self.asked)

    @contextmanager
    def reading(self) -> Iterator["Database"]:
        yield self

    def look(self) -> Sighting:
        return self.seen

    def rows(self, cursor: OutboxCursor, limit: int) -> OutboxRows:
        self.asked.append(limit)
        if limit >= self.too_many:
            raise ReadLess("it took too long")
        floor = max(cursor.position, 0)
        behind = [r for r in self.table if r.position > floor and r.tx_id >= cursor.old.xmax]
        return OutboxRows.of(behind[:limit])

    def highest(self) -> int:
        return max((each.tx_id for each in self.table), default=0)

    def row(self, event_id: UUID) -> OutboxRow | None:
        return next((each for each in self.table if each.id == str(event_id)), None)

    def read(self, cursor: OutboxCursor, behind: int, limit: int) -> Sequence[OutboxRow]:
        read = [r for r in self.table if r.tx_id < cursor.old.xmax or r.position <= cursor.position]
        return [each for each in read if each.position > behind][:limit]

    def oldest(self) -> int | None:
        return min((each.position for each in self.table), default=None)

    def close(self) -> None:
        self.table.clear()


def source(database: Database, max_rows: int = 10, max_batch_bytes: int = 10_000) -> OutboxSource:
    settings = Settings(
        "shop", "/services/shop", KEYS, max_rows=max_rows, max_batch_bytes=max_batch_bytes
    )
    return OutboxSource(settings, database, plain)


def plain(_fact_type: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    return dict(payload)
