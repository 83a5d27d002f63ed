"""Bad input gets an answer that a person understands, and nothing beside it is lost."""

import json
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from backbone.codec.framing import frame
from backbone.dead_letter_reading import DeadLetter
from backbone.log import Message
from backbone.settings import REPOSITORY
from tests.e2e import bad_rows, letters
from tests.e2e.bad_bytes import bad_prices, is_bad, order, schema_id
from tests.e2e.expectations import published_once
from tests.e2e.wire import Wire
from tests.e2e.world import ORDERS, PRICES, Running, World

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis, pytest.mark.postgres]

PRICE = "shop.pricing.PriceChanged"


def _balanced(world: World, source: str, published: int, rejected: int) -> None:
    cursor = world.cursor(source)
    counted = (cursor.read, cursor.published, cursor.rejected)
    assert counted == (published + rejected, published, rejected)


def _listed(world: World, *arguments: str) -> list[dict[str, Any]]:
    done = world.run("dlq", *arguments, "--output", "json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _last_words(running: Running) -> str:
    """It ended by itself, with exit code 1 and one sentence."""
    assert running.process.wait(60) == 1, running.said()
    assert "Traceback" not in running.said()
    return running.said().splitlines()[-1]


# sources


def test_of_damaged_price_lists_every_good_row_is_published_and_every_bad_one_told(
    world: World,
) -> None:
    for name, content in bad_rows.PRICE_LISTS.items():
        (world.price_lists / name).write_bytes(content)
    done = world.run("run", "source", "price-list", "--until-idle")
    assert done.returncode == 0, done.stderr
    assert {each.key for each in world.records(PRICES)} == bad_rows.IN_ORDER
    published_once(world, PRICES, len(bad_rows.IN_ORDER))
    _balanced(world, "price-list", len(bad_rows.IN_ORDER), len(bad_rows.TURNED_AWAY))
    letters.told(world, "price-list", bad_rows.TURNED_AWAY)
    damaged = letters.by_place(world, "price-list")["1-not-utf-8.csv:3"].record
    assert damaged.value == bad_rows.NOT_UTF_8.rstrip()

    table = world.run("dlq", "list", "price-list").stdout
    assert [line.split()[1] for line in table.splitlines() if line.startswith("0/")] == list(
        bad_rows.TURNED_AWAY
    )
    shown = _listed(world, "show", "price-list", "0/0")[0]
    assert (shown["where"], shown["code"]) == ("1-not-utf-8.csv:3", "unparsable")


def test_of_bad_outbox_rows_each_is_turned_away_with_its_reason_and_nobody_reads_who_it_was(
    world: World,
) -> None:
    with psycopg.connect(world.shop_dsn) as connection:
        world.place_order(connection, "o1")
        world.outbox(connection, "OrderPraised", "o2", bad_rows.order("o2"))
        world.outbox(connection, "OrderPlaced", "o3", bad_rows.BROKEN)
        world.outbox(connection, "OrderPlaced", "o4", bad_rows.order("o5"))
        world.outbox(connection, "OrderPlaced", "o6", bad_rows.TOO_LARGE)
        world.cancel_order(connection, "o1")
    done = world.run("run", "source", "shop", "--until-idle")
    assert done.returncode == 0, done.stderr
    assert [each.key for each in world.records(ORDERS)] == [b"o1", b"o1"]
    _balanced(world, "shop", published=2, rejected=4)
    reasons = {
        "outbox:2": ("unexpected_fact", "is for its type OrderPraised; it publishes shop.sales."),
        "outbox:3": ("invalid", "OrderPlaced breaks its contract in 5 places: "),
        "outbox:4": ("bad_key", "aggregateid is empty or differs from the payload's order_id"),
        "outbox:5": ("too_large", "and sales.order.v1 takes 1048576: split it"),
    }
    letters.told(world, "shop", reasons)
    message = letters.by_place(world, "shop")["outbox:3"].message
    assert [each for each in bad_rows.VIOLATIONS if each not in message] == []

    listed = _listed(world, "list", "shop")
    assert [row["where"] for row in listed] == list(reasons)
    unknown, broken = (_listed(world, "show", "shop", row["letter"])[0] for row in listed[:2])
    assert (unknown["payload"], broken["payload"]["customer_id"]) == (None, "***")
    assert bad_rows.SECRET not in json.dumps([listed, unknown, broken]) + done.stderr


# the log


def test_a_view_goes_on_beside_every_kind_of_bad_record_and_parks_each_once(world: World) -> None:
    bad = bad_prices(world)
    good = [world.price(number, f"good-{number}") for number in range(len(bad))]
    pairs = zip(good, bad, strict=True)
    world.append([each for before, after in pairs for each in (before, after.message)])
    view = world.start("run", "view", "prices")
    world.wait(lambda: world.caught_up("prices"), "it has gone on to the end")
    assert view.process.poll() is None
    assert world.served("prices").keys() == {each.key.decode() for each in good if each.key}

    parked = world.dead("prices")
    originals = {
        letters.place(each): each for each in world.records(PRICES) if is_bad(each.headers)
    }
    assert letters.origins(parked) == Counter(originals.keys())
    places = [next(iter(letters.origins([each]))) for each in parked]
    found = zip(places, parked, strict=True)
    assert [place for place, each in found if not letters.is_copy(each, originals[place])] == []
    reasons = Counter(map(letters.reason, parked))
    assert reasons == Counter((each.message.key, each.code) for each in bad)
    said = {each.key: DeadLetter.of(each).message for each in parked}
    assert [each for each in bad if each.words not in said[each.message.key]] == []


def test_a_number_too_large_for_its_type_is_parked_and_its_neighbours_are_served(
    world: World,
) -> None:
    placed = schema_id(world, "shop.sales.OrderPlaced")
    quantities = {"o1": 1, "o2": 2**31, "o3": 2**31 - 1}
    world.append(
        [
            Message(ORDERS, key.encode(), frame(placed, order(key, quantity)))
            for key, quantity in quantities.items()
        ]
    )
    world.start("run", "view", "orders")
    world.wait(lambda: world.caught_up("orders"), "it has gone on to the end")
    assert world.served("orders").keys() == {"o1", "o3"}
    assert [letters.reason(each) for each in world.dead("orders")] == [(b"o2", "out_of_domain")]


def test_killed_between_a_dead_letter_and_its_commit_a_view_parks_no_other_position(
    world: World,
) -> None:
    facts: list[Message] = [world.price(number, "C1") for number in range(200)]
    facts.insert(100, Message(PRICES, b"C1", b"poison"))
    world.append(facts)
    with Wire(world.endpoints.redis_url) as wire:
        wire.hold(b"EVAL", b":e:")
        killed = world.start("run", "view", "prices", BACKBONE_REDIS_URL=wire.url)
        world.wait(wire.holds.is_set, "its commit is on its way")
        assert len(world.dead("prices")) == 1
        killed.kill()
        world.start("run", "view", "prices")
        world.wait(lambda: world.caught_up("prices"), "it has gone on to the end")
    poison = next(each for each in world.records(PRICES) if each.value == b"poison")
    # once for each of the two, or the kill did not come in between
    assert letters.origins(world.dead("prices")) == {letters.place(poison): 2}
    assert world.served("prices")["C1"]["price"] == "200.0000"


# dead letters that cannot be written


def test_without_its_dead_letter_topic_a_process_stops_and_goes_on_once_it_is_there(
    world: World,
) -> None:
    source = world.start("run", "source", "price-list")
    view = world.start("run", "view", "prices")
    world.wait(lambda: "shard open" in source.said(), "the source is at work")
    world.wait(lambda: world.caught_up("prices"), "the view is at work")
    gone = ["dlq.prices", "dlq.price-list"]
    for name in gone:
        world.admin.delete(name)
    rows = [bad_rows.price_row("A1"), b"A2,1.2\n", bad_rows.price_row("A3")]
    (world.price_lists / "1.csv").write_bytes(b"".join([bad_rows.HEADER, *rows]))
    world.append([world.price(0, "B1"), Message(PRICES, b"B2", b"poison"), world.price(1, "B3")])
    told = [
        _last_words(source),
        _last_words(view),
        _last_words(world.start("run", "view", "prices")),
    ]
    assert [each for each in told if "Run `backbone topics plan`" not in each] == []
    assert "to dlq.prices at 127.0.0.1" in told[1]
    assert (len(world.records(PRICES)), world.cursor("price-list").read) == (3, 0)

    assert world.run("topics", "apply").returncode == 0
    world.start("run", "source", "price-list")
    world.start("run", "view", "prices")
    world.wait(lambda: world.cursor("price-list").read == 3, "every row was read")
    world.wait(lambda: world.caught_up("prices"), "the view has gone on to the end")
    assert world.served("prices").keys() == {"A1", "A3", "B1", "B3"}
    assert [each.key for each in world.dead("prices")] == [b"B2"]
    assert letters.by_place(world, "price-list").keys() == {"1.csv:3"}
    _balanced(world, "price-list", published=2, rejected=1)


def test_a_dead_letter_that_its_topic_does_not_take_stops_the_process_and_loses_nothing(
    world: World,
) -> None:
    world.admin.configure("dlq.prices", {"max.message.bytes": "2000"})
    large = random.Random(1).randbytes(5_000)  # which no compression makes smaller
    world.append([world.price(0, "B1"), Message(PRICES, b"B2", large), world.price(1, "B3")])
    told = _last_words(world.start("run", "view", "prices"))
    assert "dlq.prices" in told
    assert "Raise max.message.bytes of the topic: `backbone topics plan`" in told
    assert (world.served("prices"), world.dead("prices")) == ({}, [])

    assert world.run("topics", "apply").returncode == 0
    world.start("run", "view", "prices")
    world.wait(lambda: world.caught_up("prices"), "the view has gone on to the end")
    assert world.served("prices").keys() == {"B1", "B3"}
    assert [each.value for each in world.dead("prices")] == [large]


# contracts


def _changed(folder: Path, before: str, after: str) -> str:
    """A folder of contracts in which a price says something else."""
    shutil.copytree(REPOSITORY / "avro", folder / "avro")
    path = folder / "avro" / "pricing" / "price_changed.v1.avsc"
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))
    return str(folder / "avro")


@pytest.mark.parametrize("process", [("source", "price-list"), ("view", "prices")])
def test_nothing_runs_with_a_contract_that_the_registry_does_not_know(
    world: World, tmp_path: Path, process: tuple[str, str]
) -> None:
    changed = _changed(tmp_path, '"exclusiveMinimum": "0"', '"exclusiveMinimum": "1"')
    world.write_price_list(1, 1)
    world.append([world.price(0, "C1")])
    refused = world.start("run", *process, BACKBONE_CONTRACTS_DIR=changed)
    told = f"backbone: the schema registry does not have these contracts: {PRICE}"
    assert _last_words(refused).startswith(told)
    assert "run `backbone contracts register`" in refused.said()
    assert refused.said().count("\n") == 1
    assert (len(world.records(PRICES)), world.cursor("price-list").read) == (1, 0)
    assert world.redis.dbsize() == 0


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"scale": 4', '"scale": 2', "D001 price a decimal's precision or scale changed"),
        ('"name": "currency"', '"name": "currency_code"', "currency"),
    ],
    ids=["scale", "renamed"],
)
def test_a_contract_that_earlier_facts_do_not_fit_is_not_registered(
    world: World, tmp_path: Path, before: str, after: str, words: str
) -> None:
    changed = _changed(tmp_path, before, after)
    contract = world.contracts[PRICE]
    versions = world.registry.versions(contract.subject)
    done = world.run("contracts", "register", BACKBONE_CONTRACTS_DIR=changed)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert words in done.stderr
    assert world.registry.versions(contract.subject) == versions
