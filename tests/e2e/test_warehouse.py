"""The warehouse sink as a process, on real services: the view equals the topic."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from backbone.codec.codec import Codec
from backbone.codec.framing import frame
from backbone.contracts.catalog import Contracts
from cli.stack.stack import Stack
from tests.e2e import load
from tests.e2e.bad_bytes import bad_prices
from tests.e2e.load import in_background
from tests.e2e.swallowing_proxy import SwallowingProxy
from tests.e2e.warehouse import SINK, Warehouse, equals_its_topic, warehouse_of
from tests.e2e.warehouse_accidents import accidents
from tests.e2e.world import ORDERS, PRICES, World

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.clickhouse]
ORDER_CANCELLED = "shop.sales.OrderCancelled"
PRICE = "shop.pricing.PriceChanged"


@pytest.fixture
def warehouse(world: World) -> Iterator[Warehouse]:
    with warehouse_of(world) as made:
        yield made


def prices(world: World, count: int, start: int = 0) -> None:
    world.append(
        [world.price(number, f"C{number % 911}") for number in range(start, start + count)]
    )


def test_every_fact_is_a_row_and_what_is_none_is_parked(world: World, warehouse: Warehouse) -> None:
    world.start("run", "source", "shop")
    with in_background(load.sales(world, [0])):
        prices(world, 3_000)
        bad = [each for each in bad_prices(world) if each.code != "bad_key"]
        world.append([each.message for each in bad])
        prices(world, 500, start=3_000)
        world.start(*SINK)
        world.wait(lambda: warehouse.has(ORDER_CANCELLED), "orders come")

    equals_its_topic(warehouse, PRICES)
    equals_its_topic(warehouse, ORDERS)
    assert len(warehouse.dead(PRICES)) == len(bad)
    assert warehouse.stored(PRICE) == 3_500


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_accidents(world: World, warehouse: Warehouse, seed: int) -> None:
    """Kills, zombies, time-outs after the insert, rewinds, replays, forgotten tokens."""
    accidents(world, warehouse, seed)


def test_an_answer_that_never_came_doubles_nothing_even_in_store(
    world: World, warehouse: Warehouse
) -> None:
    prices(world, 2_000)
    with SwallowingProxy(world.clickhouse_url) as proxy:
        proxy.swallow = 3
        running = world.start(*SINK, BACKBONE_CLICKHOUSE_URL=proxy.url)
        equals_its_topic(warehouse, PRICES)
        assert proxy.swallowed == 3
        assert running.stop() == 0

    assert warehouse.stored(PRICE) == 2_000


def test_clickhouse_is_killed_in_mid_work(world: World, warehouse: Warehouse, stack: Stack) -> None:
    with in_background(load.prices(world)):
        world.start(*SINK)
        world.wait(lambda: warehouse.has(PRICE), "rows come")
        stack.kill("clickhouse")
        stack.up()
        had = len(warehouse.rows(PRICE))
        world.wait(lambda: len(warehouse.rows(PRICE)) > had, "rows come again")

    equals_its_topic(warehouse, PRICES)


def test_a_newer_writer_s_field_becomes_a_column_while_the_loader_runs(
    world: World, warehouse: Warehouse
) -> None:
    prices(world, 300)
    world.start(*SINK)
    world.wait(lambda: warehouse.complete(PRICES), "the first are loaded")
    ours = world.contracts[PRICE]
    note = {"name": "note", "type": ["null", "string"], "default": None, "doc": "Why."}
    newer = replace(ours, schema={**ours.schema, "fields": [*ours.schema["fields"], note]})
    schema_id = world.registry.register(newer.subject, newer.registered)
    contracts = Contracts({**world.contracts, PRICE: newer})
    writer = Codec(contracts, world.registry)
    writer.check([PRICE])

    message = world.price(300, "C1")
    assert message.value is not None
    noted = message.value[5:] + b"\x02\x06new"
    world.append([message._replace(value=frame(schema_id, noted))])
    world.append([world.price(301, "C1")])

    world.wait(lambda: warehouse.complete(PRICES), "the new ones are loaded")
    count = "SELECT count() FROM pricing_price_changed WHERE note"
    assert warehouse.command(f"{count} = 'new'") == 1
    assert warehouse.command(f"{count} IS NULL") == 301


def test_a_topic_that_was_created_again_stops_the_loader(
    world: World, warehouse: Warehouse
) -> None:
    prices(world, 50)
    first = world.start(*SINK)
    world.wait(lambda: warehouse.complete(PRICES), "it is loaded")
    assert first.stop() == 0
    spec = replace(world.admin.describe([PRICES])[PRICES], config={})
    world.admin.delete(PRICES)
    world.wait(lambda: not world.admin.topic_ids([PRICES]), "it is gone")
    world.run("topics", "apply")
    assert spec.topic_id not in world.admin.topic_ids([PRICES]).values()

    again = world.start(*SINK)

    world.wait(lambda: again.process.poll() is not None, "it has stopped")
    assert "deleted and created again" in again.said()


def test_an_emptied_warehouse_is_loaded_again_from_the_log(
    world: World, warehouse: Warehouse
) -> None:
    prices(world, 1_000)
    first = world.start(*SINK)
    world.wait(lambda: warehouse.complete(PRICES), "it is loaded")
    first.stop()

    for table in ("pricing_price_changed__rows", "complete_up_to__rows"):
        warehouse.command(f"TRUNCATE TABLE {table}")
    world.start(*SINK)

    equals_its_topic(warehouse, PRICES)


def test_the_sink_is_listed_and_has_its_dead_letter_topic(world: World) -> None:
    listed = world.run("list", "--output", "json")
    rows = [json.loads(line) for line in listed.stdout.splitlines()]

    topics = {row["topic"] for row in rows if row["kind"] == "sink"}
    assert topics == {contract.topic for contract in world.contracts.values()} >= {PRICES, ORDERS}
    assert world.admin.topic_ids(["dlq.warehouse"])
