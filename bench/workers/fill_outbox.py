"""The shop's outbox, filled as an application fills it: few rows a transaction."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import psycopg

from backbone.documents import render
from backbone.fact import Fact
from bench.facts.orders import order_facts
from bench.process import serve
from cli import wiring
from producers.outbox.table import create_table

_LINES = 1
_ROWS_A_TRANSACTION = 10
_COPY = "COPY outbox (id, aggregatetype, aggregateid, type, payload, occurred_at) FROM STDIN"


def fill(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`count` rows in a database of its own."""
    dsn = wiring.settings().services.postgres_dsn.get_secret_value()
    server = urlsplit(dsn)._replace(path="/postgres").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS shop WITH (FORCE)")
        connection.execute("CREATE DATABASE shop")
    size = 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(create_table())
        connection.execute("SET synchronous_commit = off")
        facts = order_facts(arguments["count"], _LINES)
        while some := list(islice(facts, _ROWS_A_TRANSACTION)):
            size += _insert(connection, some)
        connection.execute("ANALYZE outbox")
    return {"payload_bytes": size / arguments["count"], "rows_a_transaction": _ROWS_A_TRANSACTION}


def _insert(connection: "psycopg.Connection[Any]", facts: list[Fact]) -> int:
    rows = list(_rows(facts))
    with connection.transaction(), connection.cursor().copy(_COPY) as copy:
        for row in rows:
            copy.write_row(row)
    return sum(len(row[4]) for row in rows)


def _rows(facts: list[Fact]) -> Iterator[tuple[str, str, str, str, str, Any]]:
    for fact in facts:
        payload = json.dumps(render(fact.data))
        simple = fact.type.rpartition(".")[2]
        yield fact.envelope.id, "order", fact.key, simple, payload, fact.envelope.time


if __name__ == "__main__":
    serve(fill)
