"""One clean world per test: real services, empty topics, views and database; real processes."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid4, uuid5

import psycopg
import redis
from psycopg.types.json import Json

from backbone import topics
from backbone.codec.codec import Codec
from backbone.contracts.catalog import Contracts
from backbone.cursor_record import CursorRecord
from backbone.dead_letters import topic_of
from backbone.envelope import to_headers
from backbone.errors import Transient
from backbone.fact import Envelope, Fact
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.publisher import KafkaAppender
from backbone.kafka.reader import KafkaReader
from backbone.log import Message
from backbone.record import Record, last_header
from backbone.registry.confluent import ConfluentRegistry
from backbone.settings import REPOSITORY
from backbone.views.redis_store import RedisViewReader
from backbone.views.store import ViewId
from cli.stack.stack import Endpoints
from consumers.catalog import SINKS
from processors.catalog import VIEWS
from producers.catalog import SOURCES
from producers.outbox.table import create_table, insert_row
from tests.e2e.empty_topics import empty_topics
from tests.e2e.warm import Warm, WarmProcess

PRICES = "pricing.price.v1"
ORDERS = "sales.order.v1"
START = datetime(2026, 1, 1, tzinfo=UTC)


class Running:
    """A process of ours with its log."""

    def __init__(self, process: WarmProcess, log: Path) -> None:
        self.process = process
        self.log = log

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired as error:
            self.process.send_signal(signal.SIGUSR1)  # it tells where each of its threads is
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
            error.add_note(self.said()[-10_000:])
            raise

    def said(self) -> str:
        return self.log.read_text(errors="replace")


def stopped_together(running: Iterable[Running]) -> list[int]:
    """Their exit codes: each is told to end before the first is waited for."""
    told = list(running)
    for each in told:
        each.process.terminate()
    return [each.process.wait(30) for each in told]


class World:
    def __init__(self, endpoints: Endpoints, folder: Path, warm: Warm) -> None:
        self.endpoints = endpoints
        self.warm = warm
        self.folder = folder
        self.price_lists = folder / "price-list"
        self.price_lists.mkdir()
        self.contracts = Contracts.load(REPOSITORY / "avro")
        self.registry = ConfluentRegistry(endpoints.registry_url)
        self.codec = Codec(self.contracts, self.registry)
        self.base = config.common(endpoints.kafka_bootstrap, {}, "world")
        self.admin = KafkaTopicAdmin(self.base)
        self._cursors = KafkaReader(self.base)
        self.redis = redis.Redis.from_url(endpoints.redis_url)
        self.shop_dsn = endpoints.postgres_dsn.rsplit("/", 1)[0] + "/shop"
        self.running: list[Running] = []
        self.app = f"t{uuid4().hex[:8]}"
        # a warehouse of its own for each world
        self.clickhouse_url = urlsplit(endpoints.clickhouse_url)._replace(path=self.app).geturl()

    # making and ending it

    def reset(self) -> None:
        retried = {name: view.topic for name, view in VIEWS.items()}
        specs = topics.declared(self.contracts, list(SOURCES), [*VIEWS, *SINKS], retried)
        empty_topics(self.admin, specs, self.wait)
        self.redis.flushall()
        self._reset_database()
        for contract in self.contracts.values():
            self.registry.register(contract.subject, contract.registered)
        self.codec.check(list(self.contracts))

    def _reset_database(self) -> None:
        with psycopg.connect(self.endpoints.postgres_dsn, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS shop WITH (FORCE)")
            connection.execute("CREATE DATABASE shop")
        with psycopg.connect(self.shop_dsn) as connection:
            connection.execute(create_table())

    def end(self) -> None:
        for each in self.running:
            if each.process.poll() is None:
                each.process.send_signal(signal.SIGCONT)
                each.kill()
        self._cursors.close()
        self.redis.close()
        self.registry.close()

    # processes

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if "BACKBONE" not in name},
            "BACKBONE_KAFKA_BOOTSTRAP": self.endpoints.kafka_bootstrap,
            "BACKBONE_REGISTRY_URL": self.endpoints.registry_url,
            "BACKBONE_REDIS_URL": self.endpoints.redis_url,
            "BACKBONE_POSTGRES_DSN": self.shop_dsn,
            "BACKBONE_CLICKHOUSE_URL": self.clickhouse_url,
            "BACKBONE_PRICE_LIST_DIR": str(self.price_lists),
            "BACKBONE_STATE_DIR": str(self.folder / "state"),
            "BACKBONE_APP": self.app,
        }

    def start(self, *arguments: str, module: str = "cli.main", **settings: str) -> Running:
        name = "-".join(arguments).replace("/", "_")
        log = self.folder / f"{name}-{len(self.running)}.log"
        with log.open("ab") as file:
            given = {**self.environment, **settings}
            process = self.warm.start((module, *arguments), given, self.folder, (file, file))
        running = Running(process, log)
        self.running.append(running)
        return running

    def run(
        self, *arguments: str, module: str = "cli.main", **settings: str
    ) -> "subprocess.CompletedProcess[str]":
        return self.warm.run((module, *arguments), {**self.environment, **settings}, self.folder)

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """A service that does not answer just now is no answer yet."""
        deadline = time.monotonic() + seconds
        while not _holds(condition):
            if time.monotonic() > deadline:
                logs = "\n".join(
                    f"--- {each.log.name}\n{each.said()[-1500:]}" for each in self.running
                )
                raise AssertionError(f"not in {seconds:.0f} s: {what}\n{logs}")
            time.sleep(0.02)

    # inputs

    def write_price_list(self, number: int, rows: int) -> None:
        lines = ["stock_code,price,currency,effective_at"]
        for row in range(rows):
            at = START + timedelta(seconds=number * rows + row)
            lines.append(f"C{row % 37},{number * rows + row + 1}.25,GBP,{at.isoformat()}")
        partial = self.price_lists / f"{number:05d}.part"
        partial.write_text("\n".join(lines) + "\n")
        partial.rename(partial.with_suffix(".csv"))

    def place_order(self, connection: "psycopg.Connection[Any]", order_id: str) -> None:
        payload = {
            "order_id": order_id,
            "placed_at": START.isoformat(),
            "customer_id": None,
            "country": "France",
            "currency": "GBP",
            "lines": [
                {"stock_code": "C1", "description": None, "quantity": 2, "unit_price": "1.25"}
            ],
        }
        self.outbox(connection, "OrderPlaced", order_id, payload)

    def cancel_order(self, connection: "psycopg.Connection[Any]", order_id: str) -> None:
        payload = {"order_id": order_id, "cancelled_at": START.isoformat(), "reason": None}
        self.outbox(connection, "OrderCancelled", order_id, payload)

    def outbox(
        self, connection: "psycopg.Connection[Any]", kind: str, key: str, payload: Any
    ) -> None:
        connection.execute(
            insert_row(),
            {
                "id": uuid5(NAMESPACE_URL, f"{kind}/{key}"),
                "aggregatetype": "order",
                "aggregateid": key,
                "type": kind,
                "payload": Json(payload),
                "headers": None,
                "occurred_at": START,
            },
        )

    def price(self, number: int, code: str, **more: Any) -> Message:
        """A fact as the price list's source would publish it."""
        data = {
            "stock_code": code,
            "price": Decimal(number + 1),
            "currency": "GBP",
            "effective_at": START + timedelta(seconds=number),
            **more,
        }
        contract = self.contracts["shop.pricing.PriceChanged"]
        envelope = Envelope(
            str(uuid5(NAMESPACE_URL, f"{code}/{number}")),
            contract.system_of_record,
            START,
            f"{number:020d}",
        )
        fact = Fact(contract.type, code, data, envelope)
        value = self.codec.encode(fact)
        return Message(PRICES, code.encode(), value, to_headers(envelope, contract.ce_type))

    def append(self, messages: Sequence[Message]) -> None:
        appender = KafkaAppender(self.base)
        appender.append(messages)
        appender.close()

    # what came of it

    def members(self, group: str) -> int:
        """How many are in the group, `source.<source>` or `<view>`, standbys included."""
        name = f"{self.app}.{group}"
        asked = self.admin._client.describe_consumer_groups([name], request_timeout=5.0)
        return len(asked[name].result().members)

    def records(self, topic: str) -> list[Record]:
        reader = KafkaReader(self.base)
        try:
            return list(reader.scan(topic))
        finally:
            reader.close()

    def ids(self, topic: str) -> list[str]:
        return [
            (last_header(each.headers, "ce_id") or b"").decode() for each in self.records(topic)
        ]

    def dead(self, name: str) -> list[Record]:
        return self.records(topic_of(name))

    def cursor(self, source: str) -> CursorRecord:
        try:
            newest = self._cursors.newest(topics.cursor_topic(source), 0)
        except Transient:  # the next one connects anew, and waits for no pause between attempts
            self._cursors.close()
            self._cursors = KafkaReader(self.base)
            raise
        return CursorRecord.from_bytes(newest) if newest else CursorRecord({}, 0, 0, 0)

    def view(self, name: str) -> ViewId:
        partitions = self.contracts.of_topic(VIEWS[name].topic)[0].partitions
        return ViewId(name, VIEWS[name].version, partitions)

    def served(self, name: str) -> dict[str, Mapping[str, Any]]:
        return self.served_of(self.view(name))

    def served_of(self, view: ViewId) -> dict[str, Mapping[str, Any]]:
        return dict(asyncio.run(self._served(view)))

    async def _served(self, view: ViewId) -> list[tuple[str, Mapping[str, Any]]]:
        reader, after, found = RedisViewReader(self.endpoints.redis_url), None, []
        try:
            while True:
                page = await reader.page(view, after, 500)
                found += [(key, entry.value) for key, entry in page.entries]
                if page.next_key is None:
                    return found
                after = page.next_key
        finally:
            await reader.close()

    def caught_up(self, name: str) -> bool:
        """Every partition of the view stands at the end of its topic."""
        ends = self.admin.ends(VIEWS[name].topic)
        statuses = asyncio.run(self._statuses(name))
        return all(
            status is not None and not status.rebuilding and status.offset >= ends[partition]
            for partition, status in enumerate(statuses)
        )

    async def _statuses(self, name: str) -> Sequence[Any]:
        reader = RedisViewReader(self.endpoints.redis_url)
        try:
            return await reader.statuses(self.view(name))
        finally:
            await reader.close()


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except Transient:
        return False


def moments(seed: int, count: int, least: float, most: float) -> Iterator[float]:
    """Seeded waits until the next kill."""
    chance = random.Random(seed)
    return (chance.uniform(least, most) for _ in range(count))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
