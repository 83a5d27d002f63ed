"""The shop: a system of record with a Postgres of its own, and an outbox in it.

    python shop.py create-database --dsn postgresql://…/shop
    python shop.py load --dsn postgresql://…/shop --orders orders.jsonl

It follows the rule of docs/outbox.md: the aggregate first, then the outbox row, one transaction.
"""

import argparse
import json
import os
import random
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self

import psycopg
from psycopg import conninfo, sql

from producers.outbox.table import create_table, insert_row

SHOP = uuid.UUID("5bb2b6f0-6f0e-5f0c-9a59-5f6b8f0f9d3e")  # name space of the facts' ids
WRITERS = 8
SLOW = 0.02  # share of transactions that dawdle before they commit
SLOW_SECONDS = 0.05
ROLLED_BACK = 0.02  # share of transactions that roll back first and are tried again

Event = Mapping[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    order_id     text PRIMARY KEY,
    placed_at    timestamptz,
    customer_id  text,
    country      text,
    currency     text,
    cancelled_at timestamptz,
    reason       text
);
CREATE TABLE IF NOT EXISTS order_lines (
    order_id    text REFERENCES orders,
    line        int,
    stock_code  text NOT NULL,
    description text,
    quantity    int NOT NULL,
    unit_price  numeric NOT NULL,
    PRIMARY KEY (order_id, line)
);
"""

# Each takes the order's row lock, and gives no row when there is nothing left to do.
_PLACE = """
INSERT INTO orders (order_id, placed_at, customer_id, country, currency)
VALUES (%(order_id)s, %(placed_at)s, %(customer_id)s, %(country)s, %(currency)s)
ON CONFLICT (order_id) DO UPDATE
    SET placed_at = excluded.placed_at, customer_id = excluded.customer_id,
        country = excluded.country, currency = excluded.currency
    WHERE orders.placed_at IS NULL
RETURNING true
"""
_CANCEL = """
INSERT INTO orders (order_id, cancelled_at, reason)
VALUES (%(order_id)s, %(cancelled_at)s, %(reason)s)
ON CONFLICT (order_id) DO UPDATE
    SET cancelled_at = excluded.cancelled_at, reason = excluded.reason
    WHERE orders.cancelled_at IS NULL
RETURNING true
"""
_LINES = """
INSERT INTO order_lines (order_id, line, stock_code, description, quantity, unit_price)
SELECT %(order_id)s, line, stock_code, description, quantity, unit_price
FROM json_to_recordset(%(lines)s::json)
    AS (line int, stock_code text, description text, quantity int, unit_price numeric)
"""
_OUTBOX = insert_row()


class TurnedBackError(Exception):
    """The transaction was not to be: it is rolled back."""


class Shop:
    """One session of the shop: every call is one transaction."""

    def __init__(self, dsn: str, before_commit: Callable[[Event], None] | None = None) -> None:
        """`before_commit` is called inside each transaction, last; it may dawdle or raise."""
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._before_commit = before_commit or (lambda _event: None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._connection.close()

    def place(self, order: Event) -> bool:
        """Place an order; False when it is there already."""
        lines = [{"line": number, **line} for number, line in enumerate(order["lines"], start=1)]
        return self._write(_PLACE, order, lines)

    def cancel(self, cancellation: Event) -> bool:
        """Cancel an order, known or not; False when it is cancelled already."""
        return self._write(_CANCEL, cancellation, [])

    def _write(self, change: str, event: Event, lines: list[dict[str, Any]]) -> bool:
        with self._connection.transaction():
            if not self._connection.execute(change, event).fetchone():
                return False
            with self._connection.pipeline():
                if lines:
                    values = {"order_id": event["order_id"], "lines": json.dumps(lines)}
                    self._connection.execute(_LINES, values)
                self._connection.execute(_OUTBOX, _outbox_row(event))
            self._before_commit(event)
        return True


def _outbox_row(event: Event) -> dict[str, Any]:
    payload = {name: value for name, value in event.items() if name != "type"}
    return {
        "id": uuid.uuid5(SHOP, f"{event['type']}:{event['order_id']}"),
        "aggregatetype": "order",
        "aggregateid": event["order_id"],
        "type": event["type"],
        "payload": json.dumps(payload, ensure_ascii=False),
        "headers": None,
        "occurred_at": event.get("placed_at") or event.get("cancelled_at"),
    }


class Load:
    """Brings orders into a shop with several writers, with the accidents of a real day."""

    def __init__(self, dsn: str, events: list[Event], seed: int) -> None:
        self._dsn = dsn
        self._seed = seed
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._placed = {e["order_id"]: threading.Event() for e in events if "lines" in e}
        self._ended = threading.Event()  # by an error, or all written
        self._counts: Counter[str] = Counter()
        self._turned_back: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        for event in events:
            self._events.put(event)

    def run(self, writers: int, progress: Callable[[int], None]) -> dict[str, int]:
        with psycopg.connect(self._dsn) as stranger:
            stranger.execute("SELECT pg_current_xact_id()")  # its transaction stays open
            with ThreadPoolExecutor(writers) as threads:
                running = [threads.submit(self._write) for _ in range(writers)]
                try:
                    while not all(writer.done() for writer in running):
                        progress(self._done())
                        time.sleep(0.1)
                finally:
                    self._ended.set()  # an interrupted load does not go on to its end
            stranger.rollback()
        for writer in running:
            writer.result()
        progress(self._done())
        names = ("orders", "cancellations", "rolled_back", "skipped")
        return {name: self._counts[name] for name in names}

    def _done(self) -> int:
        with self._lock:
            return sum(self._counts[name] for name in ("orders", "cancellations", "skipped"))

    def _write(self) -> None:
        try:
            with Shop(self._dsn, self._accident) as shop:
                for event in self._taken():
                    self._once(shop, event)
        except BaseException:
            self._ended.set()  # the others need not go on
            raise

    def _taken(self) -> Iterator[Event]:
        while not self._ended.is_set():
            try:
                yield self._events.get_nowait()
            except Empty:
                return

    def _once(self, shop: Shop, event: Event) -> None:
        try:
            self._count(self._apply(shop, event))
        except TurnedBackError:
            self._count("rolled_back")
            self._once(shop, event)

    def _apply(self, shop: Shop, event: Event) -> str:
        order_id = event["order_id"]
        if "lines" in event:
            written = shop.place(event)
            self._placed[order_id].set()
            return "orders" if written else "skipped"
        if not self._is_placed(order_id):
            return "skipped"
        return "cancellations" if shop.cancel(event) else "skipped"

    def _is_placed(self, order_id: str) -> bool:
        """Wait for the writer that took the order; False when the load has failed meanwhile."""
        placed = self._placed.get(order_id)
        while placed and not placed.wait(0.1):
            if self._ended.is_set():
                return False
        return True

    def _accident(self, event: Event) -> None:
        """Dawdle or roll back: by the event, so that a load is the same whoever writes what."""
        dice = random.Random(f"{self._seed}:{event['type']}:{event['order_id']}")  # noqa: S311
        if dice.random() < SLOW:
            time.sleep(dice.uniform(0, SLOW_SECONDS))
        if dice.random() < ROLLED_BACK and self._first_time(event):
            raise TurnedBackError

    def _first_time(self, event: Event) -> bool:
        key = (event["type"], event["order_id"])
        with self._lock:
            first = key not in self._turned_back
            self._turned_back.add(key)
        return first

    def _count(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1


def load(
    dsn: str,
    orders: Path,
    *,
    seed: int = 0,
    writers: int = WRITERS,
    progress: Callable[[int], None] = lambda _done: None,
) -> dict[str, int]:
    """Place and cancel what orders.jsonl tells; what is there already is skipped.

    Gives how many orders and cancellations were written, rolled back on the way, and skipped.
    """
    with orders.open(encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    return Load(dsn, events, seed).run(writers, progress)


def create_database(dsn: str) -> None:
    """Create the database that the DSN names and its tables, as far as they are missing."""
    name = conninfo.conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(conninfo.make_conninfo(dsn, dbname="postgres"), autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(str(name))))
    with psycopg.connect(dsn) as connection:
        connection.execute(create_table())
        connection.execute(_TABLES)


def main() -> None:
    parser = argparse.ArgumentParser(description="The shop of the online-retail example.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("create-database", "load"):
        command = commands.add_parser(name)
        command.add_argument(
            "--dsn",
            default=os.environ.get("SHOP_DSN"),
            required="SHOP_DSN" not in os.environ,
            help="postgresql://…/shop; SHOP_DSN keeps a password out of the process list",
        )
        if name == "load":
            command.add_argument("--orders", type=Path, required=True, help="of prepare.py")
            command.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    try:
        _run(arguments)
    except (psycopg.Error, OSError) as error:
        sys.exit(f"shop: {error}")


def _run(arguments: argparse.Namespace) -> None:
    if arguments.command == "create-database":
        create_database(arguments.dsn)
        print("shop: the database is there")
        return
    counts = load(arguments.dsn, arguments.orders, seed=arguments.seed)
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    print(f"shop: {told}")


if __name__ == "__main__":
    main()
