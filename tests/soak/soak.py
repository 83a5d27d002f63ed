"""`make soak`: kills, freezes, rebalances and dead services, again and again, under load.

Not collected by `make test`. Every scene has a number of its own, which also seeds its accidents:
`make soak ARGS="--seed 7"` runs scene 7 alone. docs/soak.md says what must hold.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from cli.stack.stack import Stack
from tests.e2e import load
from tests.e2e.conftest import warm, world
from tests.e2e.expectations import everything_arrives_once, in_the_outbox, in_the_price_lists
from tests.e2e.load import in_background
from tests.e2e.test_outages import BEYOND_ITS_SESSION
from tests.e2e.warehouse import warehouse_of
from tests.e2e.warehouse_accidents import accidents
from tests.e2e.watching import Positions
from tests.e2e.world import World
from tests.soak.fleet import ACCIDENTS, KINDS, PRICE_LIST, RELAY, VIEWS, Fleet

__all__ = ["warm", "world"]  # the fixtures

EACH_ROUND = 8
STORM_SECONDS = 75.0
MEMBERS_MOST = 9
SLOW_VIEW = "tests.soak.slow_view"


@contextmanager
def _under_load(world: World, seed: int) -> Iterator[Fleet]:
    """Prices and orders come all the time; in the end every one has arrived once, in its order,
    and the views hold what the log says."""
    fleet = Fleet(world, random.Random(seed))
    prices = load.price_lists(world, rows=60, every_seconds=0.2)
    with fleet.telling():
        with in_background(prices, load.sales(world, [0])):
            yield fleet
            fleet.thaw()
        for source, rows in (
            ("price-list", in_the_price_lists(world)),
            ("shop", in_the_outbox(world)),
        ):
            world.wait(
                lambda: fleet.mend() and world.cursor(source).read >= rows,  # noqa: B023
                f"{source} has read its {rows} rows",
                120,
            )
        world.wait(lambda: fleet.mend() and _caught_up(world), "the views have caught up", 120)
        everything_arrives_once(world)
        fleet.mend()
        fleet.nobody_stumbled()


def _caught_up(world: World) -> bool:
    return world.caught_up("prices") and world.caught_up("orders")


# kills and freezes


def test_kills_and_freezes(world: World, round_seed: int) -> None:
    """Random victims among sources, relays and projectors, each with a standby or without."""
    with _never_back(world), _under_load(world, round_seed) as fleet:
        for kind in KINDS:
            for _ in range(fleet.chance.choice((1, 2))):
                fleet.add(*kind)
        fleet.begin()
        for _ in range(EACH_ROUND):
            fleet.accident()
            fleet.wait(0.0, 1.5)


@contextmanager
def _never_back(world: World) -> Iterator[None]:
    """No stored offset ever goes back while the store is whole."""
    with Positions(world, "prices") as prices, Positions(world, "orders") as orders:
        yield
    assert (prices.steps_back, orders.steps_back) == ([], [])


# rebalances


@pytest.mark.parametrize("seed", [101, 102])
def test_a_storm_of_rebalances(world: World, seed: int) -> None:
    """Workers come, leave, die and freeze every second, and some batches take longer than the
    group waits for them."""
    with _never_back(world), _under_load(world, seed) as fleet:
        for kind in KINDS:
            fleet.add(*kind)
        fleet.add(*VIEWS, module=SLOW_VIEW)
        fleet.begin()
        until = time.monotonic() + STORM_SECONDS
        while time.monotonic() < until:
            _a_gust(fleet)
            fleet.mend()
            fleet.wait(0.2, 1.0)
        slow = [each.running for each in fleet.members if each.module == SLOW_VIEW]
        for running in slow:
            running.kill()
        fleet.members = [each for each in fleet.members if each.running not in slow]


def _a_gust(fleet: Fleet) -> None:
    """One comes, or one leaves; a kind never dies out."""
    steady = [each for each in fleet.members if each.module != SLOW_VIEW]  # the slow one is killed
    spare = [
        each for each in steady if sum(other.arguments == each.arguments for other in steady) > 1
    ]
    what = fleet.chance.choice(("come", "leave", "accident"))
    if what == "leave" and spare:
        fleet.leave(fleet.chance.choice(spare))
    elif what == "come" and len(fleet.members) < MEMBERS_MOST:
        fleet.add(*fleet.chance.choice((PRICE_LIST, RELAY, VIEWS, VIEWS)))
    else:
        fleet.accident()


# the warehouse


@pytest.mark.parametrize("seed", range(301, 401))
def test_a_warehouse_s_loaders(world: World, seed: int) -> None:
    """Killed, frozen, answered to no more, rewound: the view equals the topic each time."""
    with warehouse_of(world) as warehouse:
        ACCIDENTS.update(f"loaders: {each}" for each in accidents(world, warehouse, seed))


# services


Death = Callable[[World, Stack], None]


def _killed(name: str) -> Death:
    return lambda _, stack: stack.kill(name)


def _restarted_with_its_data(world: World, stack: Stack) -> None:
    world.redis.save()
    stack.kill("redis")


def _an_older_copy(world: World, stack: Stack) -> None:
    """What it holds is from before the last writes."""
    world.redis.save()
    offsets = Positions(world, "prices").offsets()
    world.wait(lambda: Positions(world, "prices").offsets() > offsets, "more was written")
    stack.kill("redis")


def _stalled(_: World, stack: Stack) -> None:
    """It stands still for longer than its session and goes on by itself: most of the time it is
    fenced, and its partitions change hands in mid-transaction."""
    with stack.stalled("kafka"):
        threading.Event().wait(BEYOND_ITS_SESSION)


@dataclass(frozen=True)
class Outage:
    """A service that dies or stalls in mid-work, so many times; the number of its scene."""

    name: str
    death: Death
    seed: int


OUTAGES = (
    Outage("kafka killed", _killed("kafka"), 201),
    Outage("redis emptied", _killed("redis"), 202),
    Outage("redis restarted", _restarted_with_its_data, 203),
    Outage("redis older", _an_older_copy, 204),
    Outage("registry killed", _killed("registry"), 205),
    Outage("postgres killed", _killed("postgres"), 206),
    Outage("kafka stalled", _stalled, 207),
)
DEATHS = 3


@pytest.mark.parametrize(
    ("outage", "seed"),
    [pytest.param(each, each.seed, id=f"{each.name}-{each.seed}") for each in OUTAGES],
)
def test_a_service_dies_in_mid_work(world: World, stack: Stack, outage: Outage, seed: int) -> None:
    """And while it is away, so does one of the workers."""
    with _under_load(world, seed) as fleet:
        for kind in KINDS:
            fleet.add(*kind)
        fleet.add(*VIEWS)
        for _ in range(DEATHS):
            fleet.begin()
            fleet.wait(0.0, 3.0)
            outage.death(world, stack)
            ACCIDENTS[outage.name] += 1
            fleet.wait(0.0, 4.0)
            fleet.kill(fleet.chance.choice(fleet.members))
            fleet.wait(0.0, 4.0)
            stack.up()
            fleet.mend()
