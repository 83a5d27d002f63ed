"""A worker paused across a takeover writes nothing; a lost store or topic is noticed and told."""

import json
import signal
import threading
import time
from collections.abc import Callable, Sequence
from itertools import count, islice

import psycopg
import pytest
from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from backbone.partitioner import partition_of
from backbone.topics import declared
from cli.stack.stack import Stack
from tests.e2e import load
from tests.e2e.expectations import orders_are_their_fold, prices_are_their_fold, published_once
from tests.e2e.load import in_background
from tests.e2e.watching import Answers, Positions
from tests.e2e.wire import Wire
from tests.e2e.world import ORDERS, PRICES, Running, World, free_port, moments

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis, pytest.mark.postgres]

ALL = {0, 1, 2, 3}
SCRIPT = b"EVALSHA"
ENTRY = b":e:"


def _events(running: Running, event: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in running.said().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def _assigned(running: Running) -> set[object]:
    return {line["partition"] for line in _events(running, "partition assigned")}


def _ended_as_fenced(running: Running, message: str) -> bool:
    return running.process.poll() == 1 and message in running.said()


def _let_go(running: Running) -> bool:
    """It was fenced and ended, or heard of the takeover first and stands by."""
    lost = _events(running, "partition lost: another worker has it")
    return _ended_as_fenced(running, "was claimed by another process") or lost != []


# a projector, paused across a takeover


@pytest.mark.parametrize(("seed", "standby_first"), [(1, True), (2, False)])
def test_a_projector_paused_across_a_takeover_never_writes_again(
    world: World, seed: int, standby_first: bool
) -> None:
    start = ("run", "view", "prices")
    with in_background(load.prices(world)), Positions(world, "prices") as watched:
        paused = world.start(*start)
        world.wait(lambda: all(watched.offsets()), "every partition is written")
        others = [world.start(*start)] if standby_first else []
        world.wait(lambda: all(_assigned(each) for each in others), "the standby has its share")
        threading.Event().wait(next(moments(seed, 1, 0.0, 1.0)))
        paused.signal(signal.SIGSTOP)
        other = others[0] if others else world.start(*start)
        world.wait(lambda: _assigned(other) == ALL, "the other one has claimed everything")
        claims, offsets = watched.claims(), watched.offsets()
        world.wait(lambda: _beyond(watched.offsets(), offsets), "the other one has written")
        paused.signal(signal.SIGCONT)
        world.wait(lambda: _let_go(paused), "the paused one has let go")
        world.wait(lambda: _ended_well(paused, watched, claims), "the claims are the other one's")
    world.wait(lambda: world.caught_up("prices"), "caught up")
    prices_are_their_fold(world)
    assert (watched.steps_back, world.dead("prices")) == ([], [])
    assert "healing" not in paused.said() + other.said()
    assert other.process.poll() is None
