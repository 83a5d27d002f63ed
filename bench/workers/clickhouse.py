"""The bare client of ClickHouse, and a table of prices of its own to fill."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from backbone.errors import Fatal
from backbone.warehouse.table import FactTable
from bench.facts.prices import PRICE
from cli import wiring

DATABASE: Final = "bench"
BLOCK: Final = 100_000
"""Rows of one insert: larger ones are no faster here."""


def prices() -> FactTable:
    return FactTable(wiring.contracts()[PRICE])


@contextmanager
def emptied() -> Iterator[Client]:
    """A client, and the table of prices without rows. Rows are counted at the end by `require`."""
    place = urlsplit(wiring.settings().services.clickhouse_url.get_secret_value())
    client = clickhouse_connect.get_client(
        host=place.hostname or "", port=place.port or 0, compress=False
    )
    client.command(f"DROP DATABASE IF EXISTS {DATABASE}")
    client.command(f"CREATE DATABASE {DATABASE}")
    client.database = DATABASE
    client.command(prices().create())
    try:
        yield client
    finally:
        client.close()


def require(client: Client, count: int) -> None:
    """Raises Fatal unless there are so many different rows."""
    found = client.query(f"SELECT count() FROM `{prices().rows}` FINAL").result_rows[0][0]  # noqa: S608 - a contract's
    if found != count:
        raise Fatal(f"{found} rows are there, {count} were expected: nothing was measured")
