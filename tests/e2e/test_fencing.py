"""A worker paused across a takeover writes nothing; a lost store or topic is noticed and told."""

import json
import signal
import threading
from collections.abc import Callable, Sequence
from itertools import count, islice

import pytest
from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import OffsetSpec

from backbone import topics
from backbone.partitioner import partition_of
from backbone.views.part import MAX_KEYS
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
ALL = {0, 1, 2, 3}
SCRIPT, ENTRY = b"EVAL", b":e:"  # a write of entries is a command that holds both


def _has(running: Running) -> set[int]:
    """The partitions that are its own, as far as it knows."""
    held: set[int] = set()
    told = (line for line in running.said().splitlines() if '"component": "runner.' in line)
    for line in map(json.loads, told):
        if line["event"] == "partition assigned":
            held.add(line["partition"])
        elif line["event"].startswith(("partition handed over", "partition lost")):
            held.discard(line["partition"])
    return held


def _ended(running: Running, message: str) -> bool:
    return running.process.poll() == 1 and message in running.said()


# a projector, paused across a takeover


@pytest.mark.parametrize(("seed", "standbys"), [(1, 1), (2, 0)])
def test_a_projector_paused_across_a_takeover_never_writes_again(
    world: World, seed: int, standbys: int
) -> None:
    with in_background(load.prices(world)), Positions(world, "prices") as view:
        paused, *others = [world.start(*VIEW) for _ in range(1 + standbys)]
        world.wait(lambda: all(view.offsets()), "every partition is written")
        world.wait(lambda: all(_has(each) for each in (paused, *others)), "all of them work")
        threading.Event().wait(next(moments(seed, 1, 0.0, 1.0)))
        paused.signal(signal.SIGSTOP)
        other = others[0] if others else world.start(*VIEW)
        world.wait(lambda: _has(other) == ALL, "the other one has claimed everything")
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
    return _ended(running, CLAIMED) or "partition lost" in running.said()


def test_a_heartbeat_held_up_in_the_network_across_a_takeover_is_refused(world: World) -> None:
    # nothing is published meanwhile: the stored offset is the expected one, only the claim tells
    with Wire(world.endpoints.redis_url) as wire:
        world.append([world.price(number, f"C{number}") for number in range(500)])
        paused = world.start(*VIEW, BACKBONE_REDIS_URL=wire.url)
        world.wait(lambda: world.caught_up("prices"), "the first one has caught up")
        wire.hold(SCRIPT)
        world.wait(wire.holds.is_set, "a heartbeat is on its way")
        _overtake(world, paused, wire)


def test_a_batch_half_written_at_a_takeover_is_finished_by_the_other_one(world: World) -> None:
    in_one_partition = (code for n in count() if partition_of((code := f"C{n}").encode(), 4) == 0)
    facts = [world.price(n, code) for n, code in enumerate(islice(in_one_partition, 2 * MAX_KEYS))]
    world.append(facts)
    with Wire(world.endpoints.redis_url) as wire, Positions(world, "prices") as view:
        wire.hold(SCRIPT, ENTRY, skip=1)
        paused = world.start(*VIEW, BACKBONE_REDIS_URL=wire.url)
        world.wait(wire.holds.is_set, "its second part is on its way")
        assert 0 < view.offsets()[0] < 2 * MAX_KEYS
        _overtake(world, paused, wire)
    assert view.steps_back == []


def _overtake(world: World, paused: Running, wire: Wire) -> None:
    """Its write arrives after the takeover, and is refused; it hears so when it goes on."""
    paused.signal(signal.SIGSTOP)
    other = world.start(*VIEW)
    world.wait(lambda: _has(other) == ALL and world.caught_up("prices"), "it was taken over")
    wire.release()
    world.wait(lambda: wire.answered() != b"", "the write has arrived")
    assert b"fenced" in wire.answered()
    paused.signal(signal.SIGCONT)
    world.wait(lambda: _ended(paused, CLAIMED), "the paused one has ended")
    prices_are_their_fold(world)
    assert other.process.poll() is None


# a relay, paused across a takeover


def test_a_relay_paused_in_a_transaction_is_fenced_by_its_standby(world: World) -> None:
    written: list[str] = []
    with in_background(load.orders(world, written)):
        paused = world.start(*RELAY)
        world.wait(lambda: world.cursor("shop").published > 0, "the first one is active")
        standby = world.start(*RELAY)
        world.wait(lambda: _stopped_in_a_transaction(world, paused), "it is paused at work")
        world.wait(lambda: "shard open" in standby.said(), "the standby has taken over")
        # at once, while the broker would not yet have aborted the transaction by itself
        paused.signal(signal.SIGCONT)
        world.wait(lambda: _gave_up(paused), "the paused one has given up")
        before = world.cursor("shop").published
        world.wait(lambda: world.cursor("shop").published > before, "the standby publishes")
    world.wait(lambda: world.cursor("shop").read == len(written), "every row was read")
    published_once(world, ORDERS, len(written))
    assert (world.dead("shop"), standby.process.poll()) == ([], None)
    assert "Traceback" not in paused.said() + standby.said()


def _stopped_in_a_transaction(world: World, running: Running) -> bool:
    """What it has produced can be seen, and not as committed: nor was that on its way."""
    running.signal(signal.SIGSTOP)
    if all(_uncommitted(world, ORDERS) for _ in range(30)):
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
    return _ended(running, "Another process has taken over") or "shard lost" in running.said()


# a store, emptied or replaced while everything runs

OLD, NEW, CANCELLED = "1.0000", "9.0000", "cancelled"
REBUILDING, AWAY = "rebuilding", "store-unavailable"
Readers = Sequence[Answers]
Accident = Callable[[World, Stack, Readers], None]
Copy = dict[bytes | str, bytes]


def _flush(world: World, stack: Stack, readers: Readers) -> None:
    del stack, readers
    world.redis.flushall()


def _flush_twice(world: World, stack: Stack, readers: Readers) -> None:
    _flush(world, stack, readers)
    view = Positions(world, "prices")
    world.wait(lambda: any(view.offsets()), "healing has begun")
    _flush(world, stack, readers)


def _kill(world: World, stack: Stack, readers: Readers) -> None:
    stack.kill("redis")
    world.wait(
        lambda: all(AWAY in each.seen for each in readers), "readers are told that it is away"
    )
    stack.up()


@pytest.mark.parametrize(
    ("accidents", "told"),
    [((_flush, _flush_twice), {REBUILDING}), ((_kill,), {REBUILDING, AWAY})],
    ids=["flushed", "killed"],
)
def test_a_store_emptied_while_everything_runs_heals_by_itself(
    world: World, stack: Stack, accidents: tuple[Accident, ...], told: set[str]
) -> None:
    address = f"127.0.0.1:{free_port()}"
    views = world.start("run", "view", "--all")
    world.start("run", "source", "--all")
    world.start("run", "gateway", BACKBONE_GATEWAY_ADDRESS=address)
    world.append([world.price(0, "K")])
    load.change_prices(world)
    load.change_orders(world)
    with (
        in_background(load.price_lists(world), load.orders(world, [])),
        Answers(f"http://{address}/v1/prices/K", "price") as price,
        Answers(f"http://{address}/v1/orders/K", "status") as order,
    ):
        world.wait(lambda: (price.last(), order.last()) == (NEW, CANCELLED), "all is served")
        for accident in accidents:
            price.begin_again()
            order.begin_again()
            accident(world, stack, (price, order))
            world.wait(lambda: REBUILDING in price.seen, "readers of prices are told to wait")
            world.wait(lambda: REBUILDING in order.seen, "readers of orders are told to wait")
            world.wait(lambda: (price.last(), order.last()) == (NEW, CANCELLED), "it has healed")
            assert (set(price.seen), set(order.seen)) == ({NEW} | told, {CANCELLED} | told)
    world.wait(lambda: world.caught_up("prices") and world.caught_up("orders"), "caught up")
    prices_are_their_fold(world)
    orders_are_their_fold(world)
    assert (views.process.poll(), world.dead("prices"), world.dead("orders")) == (None, [], [])


def test_an_older_copy_of_the_store_is_noticed_and_healed_whoever_claimed_it(world: World) -> None:
    address = f"127.0.0.1:{free_port()}"
    view = world.start(*VIEW)
    world.start("run", "gateway", BACKBONE_GATEWAY_ADDRESS=address)
    world.append([world.price(0, "K")])
    world.wait(lambda: world.caught_up("prices"), "the old price is stored")
    copy = _copied(world)
    load.change_prices(world)
    with Answers(f"http://{address}/v1/prices/K", "price") as price:
        _restore_and_heal(world, copy, view, price)
        assert view.stop() == 0
        successor = world.start(*VIEW)
        world.wait(lambda: _has(successor) == ALL, "another one has claimed everything")
        _restore_and_heal(world, copy, successor, price)
    prices_are_their_fold(world)


def _restore_and_heal(world: World, copy: Copy, view: Running, price: Answers) -> None:
    world.wait(lambda: price.last() == NEW, "the new price is served")
    price.begin_again()
    _restore(world, copy)
    world.wait(lambda: HEALING in view.said(), "it was noticed")
    world.wait(lambda: world.caught_up("prices") and price.last() == NEW, "it has healed")
    noticed = price.seen.index(REBUILDING)
    assert set(price.seen[:noticed]) <= {NEW, OLD}
    assert price.seen[noticed:] == [REBUILDING, NEW]
    assert view.process.poll() is None


def _copied(world: World) -> Copy:
    names = world.redis.keys("*")
    return {name: data for name in names if (data := world.redis.dump(name))}


def _restore(world: World, copy: Copy) -> None:
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


def test_a_recreated_topic_ends_its_view_and_is_refused_until_a_rebuild(world: World) -> None:
    world.append([world.price(number, f"C{number}") for number in range(500)])
    view = world.start(*VIEW)
    world.wait(lambda: world.caught_up("prices"), "the view is built")
    _recreate(world, PRICES)
    world.append([world.price(number, f"N{number}") for number in range(700)])
    world.wait(lambda: _ended(view, "was deleted"), "it was noticed", 10)
    assert f"the topic {PRICES} " in view.said()
    assert "docs/recreated-topic.md" in view.said()
    refused = world.start(*VIEW)
    world.wait(lambda: _ended(refused, "it was deleted and created again"), "it is refused")
    assert "Rebuild the view with `backbone view rebuild prices`" in refused.said()
    assert world.run("view", "rebuild", "prices", "--yes").returncode == 0
    world.start(*VIEW)
    world.wait(lambda: world.caught_up("prices"), "the new topic is served")
    assert len(world.served("prices")) == 700
    prices_are_their_fold(world)
