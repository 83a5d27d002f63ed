"""A service that is down, at start or in the middle of work, is waited for; nothing is lost."""

import threading
from collections.abc import Callable
from functools import partial

import httpx
import psycopg
import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from backbone.codec.framing import PREFIX_BYTES, frame
from backbone.kafka.errors import translate
from cli.stack.stack import Stack
from tests.e2e import load
from tests.e2e.expectations import everything_arrives_once
from tests.e2e.load import in_background
from tests.e2e.outage import KAFKA, SERVICES, WORKERS, Scene, Service
from tests.e2e.world import ORDERS, Running, World, moments, stopped_together

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis, pytest.mark.postgres]

BEYOND_ITS_SESSION = 2.5  # s; broker.session.timeout.ms is 2,000
BEYOND_A_TRANSACTION = 12.0  # s; transaction.timeout.ms is 10,000
STALLS_MOST = 20  # of which most fence it: whether, is a matter of who goes on first
COMMAND_SECONDS = 45.0  # eight on a machine with nothing else to do
each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


def _fails_in_a_sentence(running: Running, words: tuple[str, str]) -> None:
    assert running.process.wait(COMMAND_SECONDS) == 1
    said = running.said()
    assert (said.count("\n"), said.startswith("backbone: ")) == (1, True), said
    assert [each for each in words if each not in said] == [], said


@each_service
def test_a_service_that_is_down_at_start_is_waited_for(
    world: World, stack: Stack, service: Service
) -> None:
    world.write_price_list(0, 20)
    with psycopg.connect(world.shop_dsn) as connection:
        world.place_order(connection, "o1")
    stack.kill(service.name)
    words = (service.told, service.address(world.endpoints))
    commands = [world.start(*command) for command in service.commands]
    with Scene(world, service) as scene:
        scene.wait_for(service.at_start)
        first = service.at_start[0]
        assert scene.processes[first].stop() == 0  # told to stop while it waits, it does
        scene.start_again(first)
        for command in commands:
            _fails_in_a_sentence(command, words)
        stack.up()
        everything_arrives_once(world)
        world.wait(lambda: "." in scene.price(), "prices are served")
        scene.all_lived_through_it()


# in the middle of work


def _append_what_only_the_registry_can_read(world: World, schema_id: int) -> None:
    """A price of a schema that no process has met yet."""
    message = world.price(0, "N1")
    assert message.value is not None
    known = frame(schema_id, message.value[PREFIX_BYTES:])
    world.append([type(message)(message.topic, message.key, known, message.headers)])


def _another_schema(world: World) -> int:
    """As registered, but for a rule, under a subject of nobody's."""
    contract = world.contracts["shop.pricing.PriceChanged"]
    text = contract.registered.replace('"maxLength":64', '"maxLength":32')
    assert text != contract.registered
    return world.registry.register("e2e-another-rule", text)


def _is_a_problem_document(answer: httpx.Response) -> bool:
    document = answer.json()
    told = (document["type"], document["status"], document["retryable"])
    return (
        (answer.status_code, *told) == (503, "/problems/store-unavailable", 503, True)
        and answer.headers["content-type"] == "application/problem+json"
        and int(answer.headers["retry-after"]) > 0
    )


def _told_until_a_newer_price(world: World, scene: Scene) -> set[str]:
    """Which problems a reader met."""
    told = [scene.price()]

    def newer_is_served() -> bool:
        told.append(scene.price())
        return told[-1] != told[0] and "." in told[-1]

    world.wait(newer_is_served, "a newer price is served")
    return {each for each in told if "." not in each}


@each_service
def test_a_service_killed_in_the_middle_of_work_is_waited_for(
    world: World, stack: Stack, service: Service
) -> None:
    other, placed = _another_schema(world), [0]
    with Scene(world, service) as scene:
        with in_background(load.price_lists(world), load.sales(world, placed)):
            world.wait(lambda: len(world.served("orders")) > 0, "orders are served")
            _told_until_a_newer_price(world, scene)
            scene.mark()
            stack.kill(service.name)
            if service.name == "registry":
                _append_what_only_the_registry_can_read(world, other)
            scene.wait_for(service.at_work)
            if service.name == "redis":
                assert _is_a_problem_document(scene.client.get("/v1/prices/C1"))
            stack.up()
            before, problems = placed[0], _told_until_a_newer_price(world, scene)
            world.wait(lambda: placed[0] > before, "an order is placed")
        honest = {"store-unavailable", "rebuilding"} if service.name == "redis" else set()
        assert problems <= honest
        everything_arrives_once(world, beside=int(service.name == "registry"))
        scene.wait_until_current()
        scene.all_lived_through_it()


def test_a_broker_that_stalls_until_it_is_fenced_loses_and_doubles_nothing(
    world: World, stack: Stack
) -> None:
    # its controller takes every partition from it and gives them back, in mid-transaction: Kafka
    # 4.3 leaves transactions undecided then, a part of one even (docs/decisions/0018)
    def stalls() -> None:
        epochs = _leader_epochs(world)
        for at_work in moments(1, STALLS_MOST, 0.0, 0.5):
            _both_publish(world)
            threading.Event().wait(at_work)
            with stack.stalled("kafka"):
                threading.Event().wait(BEYOND_ITS_SESSION)
            _both_publish(world)
            if _leader_epochs(world) != epochs:
                return
        pytest.fail("the broker was never fenced")

    _nothing_is_lost_nor_doubled(world, stalls)


def test_a_broker_that_stalls_beyond_a_transaction_loses_and_doubles_nothing(
    world: World, stack: Stack
) -> None:
    # what was sent meanwhile waits in its sockets: it reads it when whoever sent it has given up
    def stalls() -> None:
        _both_publish(world)
        with stack.stalled("kafka"):
            threading.Event().wait(BEYOND_A_TRANSACTION)
        _both_publish(world)

    _nothing_is_lost_nor_doubled(world, stalls)


def _nothing_is_lost_nor_doubled(world: World, happens: Callable[[], None]) -> None:
    sources = world.start("run", "source", "--all")
    with in_background(load.price_lists(world), load.sales(world, [0])):
        happens()
    world.start("run", "view", "prices", "orders")
    everything_arrives_once(world)
    assert sources.process.poll() is None
    assert "Traceback" not in sources.said()


def _leader_epochs(world: World) -> dict[int, int]:
    """How often the leader of each partition was chosen anew. A broker that was just made leader
    again may not know it yet."""
    told: dict[int, int] = {}

    def tells() -> bool:
        asked = {TopicPartition(ORDERS, each): OffsetSpec.latest() for each in range(4)}
        found = world.admin._client.list_offsets(asked, request_timeout=5.0)
        try:
            told.update(
                {place.partition: each.result().leader_epoch for place, each in found.items()}
            )
        except KafkaException as error:
            raise translate(error, "asking for leaders") from error
        return True

    world.wait(tells, "the broker says how often it became leader")
    return told


def _both_publish(world: World) -> None:
    for source in ("shop", "price-list"):
        world.wait(partial(_goes_on, world, source, []), f"{source} publishes")


def _goes_on(world: World, source: str, read: list[int]) -> bool:
    """Further than when it was asked first."""
    read.append(world.cursor(source).read)
    return read[-1] > read[0]


def test_what_works_ends_when_it_is_told_to_although_kafka_is_down(
    world: World, stack: Stack
) -> None:
    with Scene(world, KAFKA) as scene:
        with in_background(load.price_lists(world), load.sales(world, [0])):
            world.wait(lambda: len(world.served("orders")) > 0, "orders are served")
            stack.kill("kafka")
            scene.wait_for(KAFKA.at_work)
        # Kafka is back before its transactions expire: what was open is for the next to resolve
        assert stopped_together(scene.processes.values()) == [0, 0, 0]
        stack.up()
        for arguments in WORKERS:
            scene.start_again(arguments)
        everything_arrives_once(world)
