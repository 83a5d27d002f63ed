"""A worker paused across a takeover writes nothing; a lost store or topic is noticed and told."""

import json
import signal
import threading
import time
from collections.abc import Callable
from itertools import count, islice

import psycopg
import pytest
from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import OffsetSpec

from backbone import topics
from backbone.partitioner import partition_of
from cli.stack.stack import Stack
from tests.e2e import load
from tests.e2e.expectations import orders_are_their_fold, prices_are_their_fold, published_once
from tests.e2e.load import in_background
from tests.e2e.watching import Answers, Positions
from tests.e2e.wire import Wire
from tests.e2e.world import ORDERS, PRICES, Running, World, free_port, moments

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis, pytest.mark.postgres]

VIEW = ("run", "view", "prices")
RELAY = ("run", "source", "shop")
CLAIMED = "was claimed by another process; nothing was written"
HEALING = "the store was emptied or replaced: healing"
SCRIPT, ENTRY = b"EVALSHA", b":e:"  # a write of entries is a command that holds both


def _logged(running: Running, event: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in running.said().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def _has_all(running: Running) -> bool:
    return {line["partition"] for line in _logged(running, "partition assigned")} == {0, 1, 2, 3}


def _fenced(running: Running, message: str) -> bool:
    return running.process.poll() == 1 and message in running.said()


# a projector, paused across a takeover


@pytest.mark.parametrize(("seed", "standbys"), [(1, 1), (2, 0)])
def test_a_projector_paused_across_a_takeover_never_writes_again(
    world: World, seed: int, standbys: int
) -> None:
    with in_background(load.prices(world)), Positions(world, "prices") as view:
        paused = world.start(*VIEW)
        world.wait(lambda: all(view.offsets()), "every partition is written")
        others = [world.start(*VIEW) for _ in range(standbys)]
        world.wait(lambda: all("partition assigned" in each.said() for each in others), "it shares")
        threading.Event().wait(next(moments(seed, 1, 0.0, 1.0)))
        paused.signal(signal.SIGSTOP)
        other = others[0] if others else world.start(*VIEW)
        world.wait(lambda: _has_all(other), "the other one has claimed everything")
        claims, offsets = view.claims(), view.offsets()
        world.wait(lambda: view.beyond(offsets), "the other one has written everywhere")
        paused.signal(signal.SIGCONT)
        world.wait(lambda: _let_go(paused), "the paused one has let go")
    world.wait(lambda: world.caught_up("prices"), "caught up")
    prices_are_their_fold(world)
    assert (view.steps_back, world.dead("prices")) == ([], [])
    assert HEALING not in paused.said() + other.said()
    assert other.process.poll() is None
    assert paused.process.poll() is None or view.claims() == claims


def _let_go(running: Running) -> bool:
    """Fenced and ended, or it heard of the takeover first and stands by."""
    return _fenced(running, CLAIMED) or "partition lost" in running.said()


@pytest.mark.parametrize("write", [(SCRIPT, ENTRY), (SCRIPT,)], ids=["entries", "heartbeat"])
def test_a_write_held_up_in_the_network_across_a_takeover_is_refused(
    world: World, write: tuple[bytes, ...]
) -> None:
    with Wire(world.endpoints.redis_url) as wire:
        world.append([world.price(number, f"C{number}") for number in range(500)])
        paused = world.start(*VIEW, BACKBONE_REDIS_URL=wire.url)
        world.wait(lambda: world.caught_up("prices"), "the first one has caught up")
        wire.hold(*write)
        if ENTRY in write:
            world.append([world.price(number, f"C{number - 500}") for number in range(500, 1000)])
        world.wait(wire.holds.is_set, "a write is on its way")
        paused.signal(signal.SIGSTOP)
        other = world.start(*VIEW)
        world.wait(lambda: _has_all(other) and world.caught_up("prices"), "it was taken over")
        wire.release()
        world.wait(lambda: wire.answered() != b"", "the write has arrived")
        assert b"fenced" in wire.answered()
        paused.signal(signal.SIGCONT)
        world.wait(lambda: _fenced(paused, CLAIMED), "the paused one has ended")
    prices_are_their_fold(world)
    assert other.process.poll() is None


def test_a_batch_half_written_when_it_was_taken_over_is_finished_by_the_other_one(
    world: World,
) -> None:
    in_one_partition = (code for n in count() if partition_of((code := f"C{n}").encode(), 4) == 0)
    facts = [world.price(n, code) for n, code in enumerate(islice(in_one_partition, 4_000))]
    world.append(facts)
    with Wire(world.endpoints.redis_url) as wire, Positions(world, "prices") as view:
        wire.hold(SCRIPT, ENTRY)
        paused = world.start(*VIEW, BACKBONE_REDIS_URL=wire.url)
        world.wait(wire.holds.is_set, "its first part is on its way")
        paused.signal(signal.SIGSTOP)
        wire.release()
        world.wait(lambda: view.offsets()[0] == 1_000, "its first part is written")
        other = world.start(*VIEW)
        world.wait(lambda: _has_all(other) and world.caught_up("prices"), "it was taken over")
        paused.signal(signal.SIGCONT)
        world.wait(lambda: _fenced(paused, CLAIMED), "its second part was refused")
    prices_are_their_fold(world)
    assert (view.steps_back, other.process.poll()) == ([], None)


# a relay, paused across a takeover


@pytest.mark.parametrize("seed", [1, 2])
def test_a_relay_paused_in_a_transaction_is_fenced_by_its_standby(world: World, seed: int) -> None:
    written: list[str] = []
    with in_background(load.orders(world, written)):
        paused = world.start(*RELAY)
        world.wait(lambda: "shard open" in paused.said(), "the first one is active")
        standby = world.start(*RELAY)
        threading.Event().wait(next(moments(seed, 1, 0.0, 1.0)))
        world.wait(lambda: _stopped_in_a_transaction(world, paused), "it is paused at work")
        world.wait(lambda: "shard open" in standby.said(), "the standby has taken over")
        before = world.cursor("shop").published
        world.wait(lambda: world.cursor("shop").published > before, "the standby has published")
        paused.signal(signal.SIGCONT)
        world.wait(lambda: _gave_up(paused), "the paused one has given up")
    world.wait(lambda: world.cursor("shop").read == len(written), "every row was read")
    published_once(world, ORDERS, len(written))
    assert (world.dead("shop"), standby.process.poll()) == ([], None)
    assert "Traceback" not in paused.said() + standby.said()


def _stopped_in_a_transaction(world: World, running: Running) -> bool:
    """What it has produced can be seen, and not yet as committed."""
    running.signal(signal.SIGSTOP)
    if _uncommitted(world, ORDERS) and _uncommitted(world, ORDERS):
        return True
    running.signal(signal.SIGCONT)
    return False


def _uncommitted(world: World, topic: str) -> bool:
    committed = world.admin.ends(topic)
    asked = {TopicPartition(topic, each): OffsetSpec.latest() for each in committed}
    found = world.admin._client.list_offsets(
        asked, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=5.0
    )
    return {place.partition: each.result().offset for place, each in found.items()} != committed


def _gave_up(running: Running) -> bool:
    return _fenced(running, "Another process has taken over") or "shard lost" in running.said()


# a store, emptied or replaced while everything runs

OLD, NEW = "1.0000", "9.0000"


def _flush(world: World, stack: Stack) -> None:
    del stack
    world.redis.flushall()


def _flush_twice(world: World, stack: Stack) -> None:
    _flush(world, stack)
    view = Positions(world, "prices")
    world.wait(lambda: any(view.offsets()), "healing has begun")
    _flush(world, stack)


def _kill(world: World, stack: Stack) -> None:
    del world
    stack.kill("redis")
    stack.up()


@pytest.mark.parametrize("accident", [_flush, _flush_twice, _kill])
def test_a_store_emptied_while_everything_runs_heals_by_itself(
    world: World, stack: Stack, accident: Callable[[World, Stack], None]
) -> None:
    address = f"127.0.0.1:{free_port()}"
    _write_history(world)
    world.start("run", "source", "--all")
    views = world.start("run", "view", "--all")
    world.start("run", "gateway", BACKBONE_GATEWAY_ADDRESS=address)
    with (
        in_background(load.price_lists(world), load.orders(world, [])),
        Answers(f"http://{address}/v1/prices/K", "price") as price,
        Answers(f"http://{address}/v1/orders/K", "status") as order,
    ):
        world.wait(lambda: price.last() == NEW and order.last() == "cancelled", "all is served")
        accident(world, stack)
        world.wait(lambda: "rebuilding" in price.since(NEW), "readers of prices are told to wait")
        world.wait(lambda: "rebuilding" in order.since("cancelled"), "those of orders, too")
        world.wait(lambda: price.last() == NEW and order.last() == "cancelled", "both have healed")
    world.wait(lambda: world.caught_up("prices") and world.caught_up("orders"), "caught up")
    prices_are_their_fold(world)
    orders_are_their_fold(world)
    away = {"rebuilding", "store-unavailable"} if accident is _kill else {"rebuilding"}
    assert set(price.since(NEW)) == {NEW} | away
    assert set(order.since("cancelled")) == {"cancelled"} | away
    assert (views.process.poll(), world.dead("prices"), world.dead("orders")) == (None, [], [])


def _write_history(world: World) -> None:
    """One key of each view changes, with much between its old and its new value."""
    facts = [world.price(number, f"C{number % 5_000}") for number in range(1, 10_000)]
    world.append([world.price(0, "K"), *facts, world.price(8, "K")])
    with psycopg.connect(world.shop_dsn) as connection:
        world.place_order(connection, "K")
        for number in range(3_000):
            world.place_order(connection, f"h{number}")
        world.cancel_order(connection, "K")


def test_an_older_copy_of_the_store_is_noticed_and_healed(world: World) -> None:
    address = f"127.0.0.1:{free_port()}"
    view = world.start(*VIEW)
    world.start("run", "gateway", BACKBONE_GATEWAY_ADDRESS=address)
    world.append([world.price(0, "K")])
    world.wait(lambda: world.caught_up("prices"), "the old price is stored")
    copy = _copied(world)
    facts = [world.price(number, f"C{number % 5_000}") for number in range(1, 10_000)]
    world.append([*facts, world.price(8, "K")])
    with Answers(f"http://{address}/v1/prices/K", "price") as price:
        world.wait(lambda: price.last() == NEW, "the new price is served")
        _restore(world, copy)
        world.wait(lambda: HEALING in view.said(), "it was noticed")
        world.wait(lambda: world.caught_up("prices") and price.last() == NEW, "it has healed")
    prices_are_their_fold(world)
    assert [told for told in price.since(NEW) if told != OLD] == [NEW, "rebuilding", NEW]
    assert OLD not in price.since("rebuilding")


def _copied(world: World) -> dict[bytes | str, bytes]:
    names = world.redis.keys("*")
    return {name: data for name in names if (data := world.redis.dump(name))}


def _restore(world: World, copy: dict[bytes | str, bytes]) -> None:
    with world.redis.pipeline(transaction=True) as pipeline:
        pipeline.flushall()
        for name, data in copy.items():
            pipeline.restore(name, 0, data)
        pipeline.execute()


# a topic, deleted and created again


def _recreate(world: World, topic: str) -> None:
    world.admin.delete(topic)
    world.wait(lambda: not world.admin.topic_ids([topic]), "the topic is gone")
    specs = topics.declared(world.contracts, [], [])
    world.admin.create(next(spec for spec in specs if spec.name == topic))
    world.wait(lambda: topic in world.admin.topic_ids([topic]), "the topic is there again")


def test_a_topic_recreated_under_a_view_ends_it_and_a_rebuild_serves_the_new_one(
    world: World,
) -> None:
    world.append([world.price(number, f"C{number}") for number in range(500)])
    view = world.start(*VIEW)
    world.wait(lambda: world.caught_up("prices"), "the view is built")
    _recreate(world, PRICES)
    recreated = time.monotonic()
    world.append([world.price(number, f"N{number}") for number in range(700)])
    assert view.process.wait(10) == 1
    assert time.monotonic() - recreated < 10
    assert f"the topic {PRICES} was deleted" in view.said() or "deleted under" in view.said()
    assert "docs/recreated-topic.md" in view.said()
    assert world.run("view", "rebuild", "prices", "--yes").returncode == 0
    world.start(*VIEW)
    world.wait(lambda: len(world.served("prices")) == 700, "the new topic is served")
    world.wait(lambda: world.caught_up("prices"), "caught up")
    prices_are_their_fold(world)


def test_a_topic_recreated_while_its_view_was_down_is_refused_at_the_claim(world: World) -> None:
    world.append([world.price(number, f"C{number}") for number in range(500)])
    view = world.start(*VIEW)
    world.wait(lambda: world.caught_up("prices"), "the view is built")
    assert view.stop() == 0
    before = world.served("prices")
    _recreate(world, PRICES)
    world.append([world.price(number, f"N{number}") for number in range(700)])
    again = world.start(*VIEW)
    world.wait(lambda: again.process.poll() == 1, "it has ended")
    assert "it was deleted and created again. Rebuild the view with" in again.said()
    assert "`backbone view rebuild prices`" in again.said()
    assert world.served("prices") == before
