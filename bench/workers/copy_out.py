"""Ceiling: the rows of the outbox leave Postgres by binary COPY, and nobody parses them."""

from collections.abc import Mapping
from typing import Any

import psycopg

from bench.process import Stopwatch, serve
from cli import wiring

# one COPY of these rows is too short to time well
_TIMES = 5
_COPY = """
COPY (SELECT position, tx_id, id, aggregateid, type, payload, headers, occurred_at
      FROM outbox ORDER BY position) TO STDOUT (FORMAT BINARY)
"""


def copy_out(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """All `count` rows, several times."""
    dsn = wiring.settings().services.postgres_dsn.get_secret_value()
    with psycopg.connect(dsn) as connection:
        watch = Stopwatch()
        for _ in range(_TIMES):
            _copy(connection)
        watch.stop()
    return watch.figures(arguments["count"] * _TIMES)


def _copy(connection: "psycopg.Connection[Any]") -> int:
    """Every row as the client gives it, and its bytes counted."""
    with connection.cursor().copy(_COPY) as copy:
        return sum(len(row) for row in copy)


if __name__ == "__main__":
    serve(copy_out)
