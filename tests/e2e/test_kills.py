"""SIGKILL at random points: same facts, same views, none twice, none missing."""

import threading
import time
from functools import partial

import psycopg
import pytest

from tests.e2e import load
from tests.e2e.expectations import (
    in_order,
    in_the_outbox,
    in_the_price_lists,
    orders_are_their_fold,
    prices_are_their_fold,
    published_once,
)
from tests.e2e.load import in_background
from tests.e2e.watching import Positions
from tests.e2e.world import ORDERS, PRICES, Running, World, moments

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis, pytest.mark.postgres]

SEEDS = (1, 2, 3)
KILLS = 2


def _kill_and_restart(world: World, seed: int, *arguments: str) -> Running:
    """Kill at seeded moments after the process has begun to work; the last one stays."""
    running = world.start(*arguments)
    for seconds in moments(seed, KILLS, 0.0, 1.0):
        world.wait(partial(_works, running), "it works")
        threading.Event().wait(seconds)
        running.kill()
        running = world.start(*arguments)
    return running


def _works(running: Running) -> bool:
    said = running.said()
    assert running.process.poll() is None, said
    return "shard open" in said or "partition assigned" in said


@pytest.mark.parametrize("seed", SEEDS)
def test_the_csv_source_publishes_every_row_once_however_often_it_is_killed(
    world: World, seed: int
) -> None:
    with in_background(load.price_lists(world)):
        _kill_and_restart(world, seed, "run", "source", "price-list")
        world.wait(lambda: world.cursor("price-list").published > 0, "something was published")
    rows = in_the_price_lists(world)
    world.wait(lambda: world.cursor("price-list").read == rows, "every row was read")
    published_once(world, PRICES, rows)
    in_order(world, PRICES)
    assert world.dead("price-list") == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_relay_publishes_every_row_once_however_often_it_is_killed(
    world: World, seed: int
) -> None:
    with in_background(load.sales(world, [0])):
        _kill_and_restart(world, seed, "run", "source", "shop")
        world.wait(lambda: world.cursor("shop").published > 0, "something was published")
    rows = in_the_outbox(world)
    world.wait(lambda: world.cursor("shop").read == rows, "every row was read")
    published_once(world, ORDERS, rows)
    in_order(world, ORDERS)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_views_are_the_fold_of_their_logs_however_often_the_projector_is_killed(
    world: World, seed: int
) -> None:
    with in_background(load.prices(world)):
        _kill_and_restart(world, seed, "run", "view", "prices", "orders")
        world.wait(lambda: len(world.served("prices")) == 911, "every key is there")
    with psycopg.connect(world.shop_dsn) as connection:
        world.cancel_order(connection, "C1")
    world.wait(lambda: world.caught_up("prices") and world.caught_up("orders"), "caught up")
    prices_are_their_fold(world)
    orders_are_their_fold(world)
    assert world.dead("prices") == []


@pytest.mark.parametrize("source", ["shop", "price-list"])
def test_a_standby_takes_a_source_over_within_15_seconds(world: World, source: str) -> None:
    active = world.start("run", "source", source)
    world.wait(lambda: "shard open" in active.said(), "the first one is active")
    world.start("run", "source", source)
    world.wait(lambda: world.members(f"source.{source}") == 2, "the other one stands by")
    active.kill()
    killed = time.monotonic()
    with psycopg.connect(world.shop_dsn) as connection:
        world.place_order(connection, "o1")
    world.write_price_list(1, 1)
    world.wait(lambda: world.cursor(source).published == 1, "the standby has published", 15)
    assert time.monotonic() - killed < 15


def test_a_standby_takes_a_view_over_within_15_seconds(world: World) -> None:
    view = Positions(world, "prices")
    with in_background(load.prices(world)):
        active = world.start("run", "view", "prices")
        world.wait(lambda: all(view.offsets()), "the first one writes everywhere")
        claimed = view.claims()
        world.start("run", "view", "prices")
        world.wait(lambda: world.members("prices") == 2, "the other one is there")
        active.kill()
        killed = time.monotonic()
        world.wait(lambda: set(claimed).isdisjoint(view.claims()), "it has claimed everything", 15)
        offsets = view.offsets()
        world.wait(lambda: view.beyond(offsets), "it has written everywhere", 15)
        took = time.monotonic() - killed
    assert took < 15
