"""The application under test's outbox: it counts how often each aggregate was changed."""

import json
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from backbone.source import Batch, Cursor
from producers.outbox.database import OutboxDatabase
from producers.outbox.source import OutboxSource, Settings
from producers.outbox.table import insert_row
from tests.integration.outbox.cluster import Cluster, Connection

COUNTED = "test.Counted"


class Shop:
    def __init__(self, cluster: Cluster, database: str) -> None:
        self.cluster = cluster
        self.database = database
        self._open = ExitStack()

    def connect(self) -> Connection:
        return self._open.enter_context(self.cluster.connect(self.database))

    def source(self, max_rows: int = 1000, dsn: str | None = None) -> OutboxSource:
        database = OutboxDatabase(dsn or self.cluster.dsn(self.database))
        settings = Settings("shop", "/services/shop", {COUNTED: "key"}, max_rows=max_rows)
        source = OutboxSource(settings, database, lambda _fact_type, payload: dict(payload))
        self._open.callback(source.close)
        return source

    def close(self) -> None:
        self._open.close()


def count(connection: Connection, key: str) -> tuple[str, str, int]:
    """Lock and change the aggregate, then insert the row: the rule of docs/outbox.md."""
    found = connection.execute(
        "INSERT INTO aggregate VALUES (%s, 1) ON CONFLICT (key) "
        "DO UPDATE SET counter = aggregate.counter + 1 RETURNING counter",
        [key],
    ).fetchone()
    assert found is not None
    return insert(connection, key, found[0])


def insert(connection: Connection, key: str, counter: int) -> tuple[str, str, int]:
    row_id = str(uuid.uuid4())
    put(connection, id=row_id, aggregateid=key, payload={"key": key, "counter": counter})
    return row_id, key, counter


def put(connection: Connection, **columns: Any) -> None:
    """Insert a row that a test describes."""
    row = {
        "id": uuid.uuid4(),
        "aggregatetype": "aggregate",
        "aggregateid": "a",
        "type": "Counted",
        "payload": {"key": "a"},
        "headers": None,
        "occurred_at": None,
    } | columns
    payload = row["payload"]
    row["payload"] = payload if isinstance(payload, str) else json.dumps(payload)
    connection.execute(insert_row(), row)


def again(cursor: Cursor) -> Cursor:
    """The cursor as it comes back from its topic."""
    read: Cursor = json.loads(json.dumps(cursor))
    return read


def counters(batch: Batch) -> Sequence[tuple[str, int]]:
    return [(fact.key, fact.data["counter"]) for fact in batch.facts]
