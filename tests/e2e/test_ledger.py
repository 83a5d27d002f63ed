"""A loss, a double and an alteration at every hop, over real services: the ledger names each."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import psycopg
import pytest

from backbone.fact import Envelope, Fact
from backbone.kafka.membership import KafkaMembership
from backbone.kafka.publisher import KafkaPublisher
from backbone.log import Message
from backbone.record import Record
from backbone.settings import load
from backbone.source_runner import Edges, SourceRunner
from backbone.topics import cursor_topic
from backbone.views.layout import partition_for, partition_keys
from backbone.warehouse.table import OFFSET, PARTITION
from processors.catalog import VIEWS
from producers.context import SourceContext
from producers.shop import shop
from tests.e2e.lying_publisher import Lie, LyingPublisher
from tests.e2e.warehouse import SINK, Warehouse, warehouse_of
from tests.e2e.world import ORDERS, START, World

pytestmark = [
    *(pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis, pytest.mark.postgres),
    pytest.mark.clickhouse,
]

PLACED = "shop.sales.OrderPlaced"
KINDS = ("missing", "double", "altered", "unknown")
Wrong = dict[str, dict[str, tuple[int, list[str]]]]


class Scene:
    def __init__(self, world: World, warehouse: Warehouse) -> None:
        self.world = world
        self.warehouse = warehouse
        self.placed = 0

    def place(self, count: int) -> list[str]:
        names = [f"o{self.placed + number}" for number in range(count)]
        with psycopg.connect(self.world.shop_dsn) as connection:
            for name in names:
                self.world.place_order(connection, name)
        self.placed += count
        return names

    def refuse(self, order_id: str) -> None:
        """An order that breaks its contract."""
        with psycopg.connect(self.world.shop_dsn) as connection:
            self.world.outbox(connection, "OrderPlaced", order_id, {"order_id": order_id})

    def relay(self, lie: Lie = lambda message: [message]) -> None:
        """The shop's own relay, until there is nothing left, through a publisher that may lie."""
        world, cursors = self.world, cursor_topic("shop")
        context = SourceContext(load(world.environment), world.contracts)

        def publisher(shard: int) -> LyingPublisher:
            place = (cursors, shard)
            honest = KafkaPublisher(world.base, f"{cursors}-{shard}", place, [ORDERS])
            return LyingPublisher(honest, lie)

        edges = Edges(publisher, world.codec, world.contracts, {ORDERS: 1024 * 1024})
        runner = SourceRunner(shop(context), edges)
        group = f"{world.app}.source.shop"
        membership = KafkaMembership(world.base, group, cursors, runner)
        runner.run(membership, lambda: False, until_idle=True)
        membership.close()

    def build_views(self) -> None:
        running = self.world.start("run", "view", "--all")
        self.world.wait(lambda: all(map(self.world.caught_up, VIEWS)), "the views are caught up")
        running.stop()

    def load_the_warehouse(self) -> None:
        running = self.world.start(*SINK)
        self.world.wait(lambda: self.warehouse.complete(ORDERS), "everything is loaded")
        running.stop()

    def wrong(self, *more: str) -> Wrong:
        """At each hop that does not balance: what is wrong, how often, and the first positions."""
        done = self.world.run(
            *("ledger", "--topic", ORDERS, "--output", "json", *more),
        )
        assert done.stdout, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        failed = [line for line in lines if line["balances"] is False]
        assert [line["note"] for line in lines if line["balances"] is None] == []
        assert done.returncode == (1 if failed else 0)
        found: Wrong = {}
        for line in failed:
            for kind in filter(line.__getitem__, KINDS):
                count, first = found.setdefault(line["hop"], {}).get(kind, (0, []))
                told = (count + line[kind], first + line["first"].get(kind, []))
                found[line["hop"]][kind] = told
        return found

    def fact(self, order_id: str) -> Record:
        return next(each for each in self.world.records(ORDERS) if each.key == order_id.encode())

    def entry(self, order_id: str) -> bytes:
        view = self.world.view("orders")
        return partition_keys(view, partition_for(view, order_id)).entry(order_id)

    def index(self, order_id: str) -> bytes:
        view = self.world.view("orders")
        return partition_keys(view, partition_for(view, order_id)).index

    def marker(self, partition: int) -> int:
        """The last offset of a partition: the end of its transaction, which is no record."""
        return self.world.admin.ends(ORDERS)[partition] - 1

    def row_of(self, order_id: str) -> str:
        with psycopg.connect(self.world.shop_dsn) as connection:
            found = connection.execute(
                "SELECT position FROM outbox WHERE aggregateid = %s", (order_id,)
            ).fetchone()
        assert found is not None
        return f"outbox:{found[0]}"


@pytest.fixture
def scene(world: World, clickhouse_url: str) -> Iterator[Scene]:
    assert clickhouse_url
    with warehouse_of(world) as warehouse:
        yield Scene(world, warehouse)


def test_a_lie_at_every_hop_is_named_and_counted(scene: Scene) -> None:
    scene.place(20)
    scene.relay()
    scene.build_views()
    scene.load_the_warehouse()
    assert scene.wrong("--deep") == {}

    _betray_the_view(scene)
    _betray_the_warehouse(scene)
    found = scene.wrong("--deep")

    o1, o2, o3 = (str(scene.fact(each).position) for each in ("o1", "o2", "o3"))
    o4, o5 = (str(scene.fact(each).position) for each in ("o4", "o5"))
    partition = scene.fact("o5").position.partition
    marker = f"{ORDERS}/{partition}/{scene.marker(partition)}"
    assert found == {
        "topic = view entries": {
            "missing": (1, [f"o1 ({o1})"]),
            "altered": (1, [f"o2 ({o2})"]),
            "unknown": (1, [f"twin ({_twin(scene, o3)})"]),
        },
        "topic → warehouse": {"missing": (1, [o4]), "unknown": (1, [marker])},
        "topic = warehouse rows": {"altered": (1, [o5])},
    }


def test_a_lie_between_source_and_topic_is_named_and_counted(scene: Scene) -> None:
    """What the publisher lost, doubled and changed; and in short, what it lost alone."""
    scene.place(5)
    scene.relay()
    lost, doubled, changed = scene.place(3)
    scene.relay(_betrayal(scene.world, lost, doubled, changed))
    scene.build_views()
    scene.load_the_warehouse()

    found = scene.wrong("--deep")

    assert found == {
        "source row = fact": {
            "missing": (1, [scene.row_of(lost)]),
            "double": (1, [str(scene.fact(doubled).position)]),
            "altered": (1, [str(scene.fact(changed).position)]),
        }
    }

    scene.place(2)
    scene.refuse("o99")
    scene.relay(lambda _: [])
    found = scene.wrong()

    assert found["source → topic"] == {"missing": (2, [])}
    assert found["source → dead letters"] == {"missing": (1, [])}
    assert scene.wrong("--deep")["source row = dead letter"] == {
        "missing": (1, [scene.row_of("o99")])
    }


def _betray_the_view(scene: Scene) -> None:
    """An entry is lost, one is folded twice, and one stands there under another key as well."""
    redis: Any = scene.world.redis
    redis.delete(scene.entry("o1"))
    redis.zrem(scene.index("o1"), b"o1")
    told = orjson.loads(redis.get(scene.entry("o2")))
    told[7]["total"] = "5.0000"
    redis.set(scene.entry("o2"), orjson.dumps(told))
    redis.set(scene.entry("twin"), redis.get(scene.entry("o3")))
    redis.zadd(scene.index("twin"), {b"twin": 0})


def _twin(scene: Scene, original: str) -> str:
    """Where the entry under the other key says that it stands: its partition, the same offset."""
    partition = partition_for(scene.world.view("orders"), "twin")
    return f"{ORDERS}/{partition}/{original.rpartition('/')[2]}"


def _betray_the_warehouse(scene: Scene) -> None:
    """A row is lost, one changed, and one stands where only the transaction's end stands."""
    table = scene.warehouse.table(PLACED).rows
    lost, changed = scene.fact("o4").position, scene.fact("o5").position
    place = f"{PARTITION} = {lost.partition} AND {OFFSET} = {lost.offset}"
    scene.warehouse.command(f"ALTER TABLE {table} DELETE WHERE {place} SETTINGS mutations_sync = 2")
    place = f"{PARTITION} = {changed.partition} AND {OFFSET} = {changed.offset}"
    end = scene.marker(changed.partition)
    scene.warehouse.command(
        f"INSERT INTO {table} SELECT * REPLACE (toUInt64({end}) AS {OFFSET}) "
        f"FROM (SELECT * FROM {table} WHERE {place})"
    )
    scene.warehouse.command(
        f"ALTER TABLE {table} UPDATE country = 'Atlantis' WHERE {place} SETTINGS mutations_sync = 2"
    )


def _betrayal(world: World, lost: str, doubled: str, changed: str) -> Lie:
    def lie(message: Message) -> Sequence[Message]:
        key = (message.key or b"").decode()
        if key == lost:
            return []
        if key == doubled:
            return [message, message]
        return [_abroad(world, message)] if key == changed else [message]

    return lie


def _abroad(world: World, message: Message) -> Message:
    fact_type, data = world.codec.decode(message.value, ORDERS)
    fact = Fact(
        fact_type, data["order_id"], data | {"country": "Atlantis"}, Envelope("", "", START, "")
    )
    return message._replace(value=world.codec.encode(fact))
