"""Lies at every hop of one value, over real services: explain names the hop each time."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg
import pytest

from backbone.fact import Envelope, Fact
from backbone.log import Message, TopicSpec
from backbone.views.layout import partition_for, partition_keys
from backbone.warehouse.table import OFFSET
from processors.catalog import VIEWS
from tests.e2e.warehouse import SINK, Warehouse, warehouse_of
from tests.e2e.world import ORDERS, PRICES, START, World, stopped_together

pytestmark = [
    *(pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis, pytest.mark.postgres),
    pytest.mark.clickhouse,
]

ORDER, CODE = "o7", "C7"
Lie = Callable[["Scene"], Any]


class Scene:
    """Everything has arrived everywhere: 40 orders, every fifth cancelled, and 111 prices."""

    def __init__(self, world: World, warehouse: Warehouse) -> None:
        self.world = world
        self.warehouse = warehouse

    def fill(self) -> None:
        world = self.world
        world.write_price_list(0, 111)
        with psycopg.connect(world.shop_dsn) as connection:
            for number in range(40):
                world.place_order(connection, f"o{number}")
            for number in range(2, 40, 5):
                world.cancel_order(connection, f"o{number}")
        commands = (("run", "source", "--all"), ("run", "view", "--all"), SINK)
        running = [world.start(*each) for each in commands]
        world.wait(lambda: world.cursor("price-list").read == 111, "every price was read")
        world.wait(lambda: world.cursor("shop").read == 48, "every order was read")
        world.wait(lambda: all(map(world.caught_up, VIEWS)), "the views are caught up")
        loaded = self.warehouse.complete
        world.wait(lambda: loaded(PRICES) and loaded(ORDERS), "everything is loaded")
        stopped_together(running)

    def explain(self, view: str, key: str, *more: str) -> tuple[int, dict[str, Any]]:
        """Its exit code, and its last line."""
        done = self.world.run("explain", view, key, "--output", "json", *more)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    def named(self, *more: str, view: str = "orders", key: str = ORDER) -> list[str]:
        code, last = self.explain(view, key, *more)
        assert code == (1 if last["at_fault"] else 0), last
        found: list[str] = last["at_fault"]
        return found

    # where things stand

    def entry_name(self, view: str, key: str) -> bytes:
        found = self.world.view(view)
        return partition_keys(found, partition_for(found, key)).entry(key)

    def facts(self, topic: str, key: str) -> list[Any]:
        return [each for each in self.world.records(topic) if each.key == key.encode()]

    # lies, each taken back

    @contextmanager
    def entry(self, view: str, key: str, change: Callable[[list[Any]], None]) -> Iterator[None]:
        name = self.entry_name(view, key)
        true: Any = self.world.redis.get(name)
        told = orjson.loads(true)
        change(told)
        self.world.redis.set(name, orjson.dumps(told))
        yield
        self.world.redis.set(name, true)

    @contextmanager
    def outbox_row(self, kind: str, member: str, value: Any) -> Iterator[None]:
        statement = (
            "UPDATE outbox SET payload = jsonb_set(payload::jsonb, %s, %s)::json "
            "WHERE aggregateid = %s AND type = %s"
        )
        with psycopg.connect(self.world.shop_dsn) as connection:
            connection.execute("ALTER TABLE outbox DISABLE TRIGGER append_only")
            row = connection.execute(
                "SELECT payload::text FROM outbox WHERE aggregateid = %s AND type = %s",
                (ORDER, kind),
            ).fetchone()
            assert row is not None
            changed = (f"{{{member}}}", json.dumps(value), ORDER, kind)
            connection.execute(statement, changed)
            connection.commit()
            yield
            back = "UPDATE outbox SET payload = %s::json WHERE aggregateid = %s AND type = %s"
            connection.execute(back, (row[0], ORDER, kind))

    @contextmanager
    def price_line(self, old: str, new: str) -> Iterator[None]:
        path = next(self.world.price_lists.glob("*.csv"))
        true = path.read_text()
        assert old in true
        path.write_text(true.replace(old, new))
        yield
        path.write_text(true)

    @contextmanager
    def warehouse_row(self, fact_type: str, offset: int, lie: str, truth: str) -> Iterator[None]:
        table = self.warehouse.table(fact_type).rows
        where = f"WHERE {OFFSET} = {offset} SETTINGS mutations_sync = 2"
        self.warehouse.command(f"ALTER TABLE {table} UPDATE {lie} {where}")
        yield
        self.warehouse.command(f"ALTER TABLE {table} UPDATE {truth} {where}")

    def copy_of(self, topic: str, name: str, change: Callable[[Message], Message | None]) -> str:
        """A copy of the topic, record by record; `change` may alter or leave out any of them."""
        partitions = len(self.world.admin.ends(topic))
        self.world.admin.create(TopicSpec(name, partitions))
        self.world.wait(lambda: bool(self.world.admin.topic_ids([name])), "the copy is there")
        copies = [
            change(Message(name, each.key, each.value, each.headers))
            for each in self.world.records(topic)
        ]
        self.world.append([each for each in copies if each is not None])
        return name


@pytest.fixture
def scene(world: World, clickhouse_url: str) -> Iterator[Scene]:
    assert clickhouse_url
    with warehouse_of(world) as warehouse:
        made = Scene(world, warehouse)
        made.fill()
        yield made


def test_the_hop_that_lies_is_named_every_time(scene: Scene) -> None:
    assert scene.named() == []
    assert scene.named(view="prices", key=CODE) == []
    _lies_in_the_view(scene)
    _lies_in_the_sources(scene)
    _lies_in_the_warehouse(scene)
    _lies_in_a_copy_of_the_topic(scene)
    assert scene.named() == []
    assert scene.named(view="prices", key=CODE) == []


def _lies_in_the_view(scene: Scene) -> None:
    with scene.entry("orders", ORDER, lambda told: told[7].update(status="placed")):
        assert scene.named() == ["view entry"]
    with scene.entry("orders", ORDER, lambda told: told[7]["lines"][0].update(quantity=3)):
        assert scene.named() == ["view entry"]
    with scene.entry("prices", CODE, lambda told: told[7].update(price="0.0100")):
        assert scene.named(view="prices", key=CODE) == ["view entry"]
    with scene.entry("prices", CODE, lambda told: told.__setitem__(2, "another id")):
        assert scene.named(view="prices", key=CODE) == ["view entry"]


def _lies_in_the_sources(scene: Scene) -> None:
    with scene.outbox_row("OrderCancelled", "reason", "a lie"):
        assert scene.named() == ["source row"]
    with scene.outbox_row("OrderPlaced", "country", "Atlantis"):  # the older fact of the two
        assert scene.named() == ["source row"]
    with scene.outbox_row("OrderPlaced", "customer_id", "17850"):  # in no view
        assert scene.named() == ["source row"]
    # the last line of C7: 37 codes, so lines 8, 45 and 82 of the file tell of it
    with scene.price_line("C7,82.25,", "C7,99.25,"):
        assert scene.named(view="prices", key=CODE) == ["source row"]


def _lies_in_the_warehouse(scene: Scene) -> None:
    placed, cancelled = scene.facts(ORDERS, ORDER)
    with scene.warehouse_row(
        "shop.sales.OrderPlaced",
        placed.position.offset,
        "country = 'Atlantis'",
        "country = 'France'",
    ):
        assert scene.named() == ["warehouse row"]
    with scene.warehouse_row(
        "shop.sales.OrderCancelled", cancelled.position.offset, "reason = 'a lie'", "reason = NULL"
    ):
        assert scene.named() == ["warehouse row"]


def _lies_in_a_copy_of_the_topic(scene: Scene) -> None:
    world = scene.world
    placed, cancelled = scene.facts(ORDERS, ORDER)

    def altered(message: Message) -> Message:
        if message.value != placed.value:
            return message
        fact_type, data = world.codec.decode(message.value, ORDERS)
        return message._replace(value=_encoded(world, fact_type, data | {"country": "Atlantis"}))

    def without_the_cancel(message: Message) -> Message | None:
        return None if message.value == cancelled.value else message

    def dearer(message: Message) -> Message:
        if message.value != scene.facts(PRICES, CODE)[-1].value:
            return message
        fact_type, data = world.codec.decode(message.value, PRICES)
        return message._replace(value=_encoded(world, fact_type, data | {"currency": "EUR"}))

    true = scene.copy_of(ORDERS, f"{world.app}.true", lambda each: each)
    assert scene.named("--topic-copy", true) == []
    lying = scene.copy_of(ORDERS, f"{world.app}.altered", altered)
    assert scene.named("--topic-copy", lying) == ["fact"]
    short = scene.copy_of(ORDERS, f"{world.app}.short", without_the_cancel)
    assert scene.named("--topic-copy", short) == ["fact"]
    dear = scene.copy_of(PRICES, f"{world.app}.dear", dearer)
    assert scene.named("--topic-copy", dear, view="prices", key=CODE) == ["fact"]


def _encoded(world: World, fact_type: str, data: dict[str, Any]) -> bytes:
    key = data[world.contracts[fact_type].key]
    return world.codec.encode(Fact(fact_type, key, data, Envelope("", "", START, "")))
