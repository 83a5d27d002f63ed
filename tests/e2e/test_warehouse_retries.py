"""An incident of the warehouse: letters are planned, replayed by their owner, and rows then."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from backbone.record import Record
from backbone.settings import REPOSITORY
from tests.e2e import load
from tests.e2e.fragile_loader import FAILS, FAILS_ALWAYS
from tests.e2e.load import in_background
from tests.e2e.swallowing_proxy import SwallowingProxy
from tests.e2e.warehouse import SINK, Warehouse, warehouse_of
from tests.e2e.world import PRICES, Running, World

pytestmark = [
    *(pytest.mark.kafka, pytest.mark.registry, pytest.mark.clickhouse),
    pytest.mark.timeout(400),  # eight commands, one after the other
]

PRICE = "shop.pricing.PriceChanged"
FRAGILE = "tests.e2e.fragile_loader"
BAD = 400
NEVER = 3


@pytest.fixture
def warehouse(world: World) -> Iterator[Warehouse]:
    with warehouse_of(world) as made:
        yield made


def _start(world: World, *, mended: bool, **settings: str) -> Running:
    fix = {"LOADER_FIX": "1"} if mended else {}
    given = {"PYTHONPATH": str(REPOSITORY), **fix, **settings}
    return world.start(*SINK, module=FRAGILE, **given)


def _rows(
    world: World, *arguments: str, code: int = 0, mended: bool = True
) -> list[dict[str, Any]]:
    fix = {"LOADER_FIX": "1"} if mended else {}
    asked = (*arguments, "--output", "json")
    done = world.run(*asked, module=FRAGILE, PYTHONPATH=str(REPOSITORY), **fix)
    assert done.returncode == code, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _incident(world: World, warehouse: Warehouse) -> None:
    """Every fourth price cannot be loaded, and three of these never will be."""
    facts = [world.price(number, f"C{number}") for number in range(3 * BAD)]
    for number in range(BAD):
        code = f"{FAILS_ALWAYS if number < NEVER else FAILS}{number}"
        facts.insert(number * 4, world.price(number, code))
    world.append(facts)
    running = _start(world, mended=False)
    world.wait(lambda: warehouse.complete(PRICES), "everything is loaded or parked")
    assert len(world.dead("warehouse")) == BAD
    running.stop()


def _has_more_than(warehouse: Warehouse, rows: int) -> bool:
    return warehouse.count(PRICES) > rows


def _lineage(record: Record) -> dict[str, Any]:
    place = record.position
    return {
        "_kafka_topic_id": place.topic_id,
        "_kafka_topic": place.topic,
        "_kafka_partition": place.partition,
        "_kafka_offset": place.offset,
        "_kafka_timestamp": record.timestamp_ms,
        "_event_id": (dict(record.headers)["ce_id"] or b"").decode(),
    }


def _is_as_if_it_had_never_failed(world: World, warehouse: Warehouse) -> None:
    """Every row stands under its first position, with the lineage of then."""
    world.wait(lambda: warehouse.complete(PRICES), "the live facts are loaded")
    wanted = [
        _lineage(each)
        for each in world.records(PRICES)
        if not (each.key or b"").startswith(FAILS_ALWAYS.encode())
    ]
    rows = [
        {**row, "_kafka_timestamp": round(row["_kafka_timestamp"].timestamp() * 1_000)}
        for place in warehouse.places(PRICE)
        for row in warehouse.reader.rows(warehouse.table(PRICE), place, 0, 1 << 62)
    ]
    found = [{name: row[name] for name in wanted[0]} for row in rows]
    assert found == wanted


def _states(world: World, code: int) -> dict[str, Any]:
    report = _rows(world, "dlq", "report", "warehouse", code=code)
    return {each["state"]: each["messages"] for each in report if each["messages"]}


def test_letters_of_the_warehouse_become_rows_under_live_traffic(
    world: World, warehouse: Warehouse
) -> None:
    _incident(world, warehouse)
    plan = _rows(world, "dlq", "plan", "warehouse", mended=False)
    assert {(each["verdict"], each["why"]) for each in plan} == {("would_fail", "handler_failed")}
    assert sum(each["count"] for each in plan) == BAD
    plan = _rows(world, "dlq", "plan", "warehouse")
    assert {each["verdict"]: each["count"] for each in plan} == {
        "would_pass": BAD - NEVER,
        "would_fail": NEVER,
    }
    with in_background(load.prices(world)):
        owner = _start(world, mended=True)
        done = _rows(world, "dlq", "run", "warehouse", "--rate", "0", "--at-once", "100", code=3)[0]
    assert (done["recovered"], done["left_out"]) == (BAD - NEVER, NEVER)
    _is_as_if_it_had_never_failed(world, warehouse)

    # what never passes fails again, and stays open
    rest = _rows(world, "dlq", "run", "warehouse", "--also-failing", "--tolerate", "9", code=3)[0]
    assert rest["failed_again"] == NEVER
    assert _states(world, code=3) == {
        "recovered": BAD - NEVER,
        "failed_again": NEVER,
        "messages": BAD,
        "further letters of the same messages": NEVER,
        "letters in the topic": BAD + NEVER,
        "balances": "yes",
    }
    assert owner.stop() == 0


def test_killed_in_mid_retry_every_row_is_there_once_and_the_books_balance(
    world: World, warehouse: Warehouse
) -> None:
    _incident(world, warehouse)
    with SwallowingProxy(world.clickhouse_url) as proxy:
        proxy.swallow = 2
        run = ("dlq", "run", "warehouse", "--rate", "150", "--at-once", "30")
        given = {"PYTHONPATH": str(REPOSITORY), "LOADER_FIX": "1"}
        for share in (10, 3):
            owner = _start(world, mended=True, BACKBONE_CLICKHOUSE_URL=proxy.url)
            going = world.start(*run, module=FRAGILE, **given)
            some = 3 * BAD + BAD // share
            world.wait(partial(_has_more_than, warehouse, some), "some are there", 120)
            owner.kill()
            going.kill()
        _start(world, mended=True, BACKBONE_CLICKHOUSE_URL=proxy.url)
        _rows(world, "dlq", "run", "warehouse", "--rate", "0", "--at-once", "100", code=3)
    _is_as_if_it_had_never_failed(world, warehouse)
    states = _states(world, code=3)
    assert states.pop("recovered") + states.pop("already_applied", 0) == BAD - NEVER
    assert (states["not_replayed"], states["balances"]) == (NEVER, "yes")

    # once more, when no table remembers a token, and of all facts of the topic
    warehouse.command(
        "ALTER TABLE pricing_price_changed__rows MODIFY SETTING "
        "non_replicated_deduplication_window = 0"
    )
    ends = world.admin.ends(PRICES)
    spans = [f"--offsets={partition}/0-{end - 1}" for partition, end in ends.items()]
    asked = ("dlq", "again", "warehouse", "--from", PRICES, *spans, "--rate", "0")
    twice = _rows(world, *asked, "--at-once", "2000", "--tolerate", "9", code=3)[0]
    assert (twice["already_applied"], twice["failed_again"]) == (4 * BAD - NEVER, NEVER)
    _is_as_if_it_had_never_failed(world, warehouse)

    books = world.run("ledger", "--topic", PRICES, "--deep", "--output", "json")
    lines = [json.loads(line) for line in books.stdout.splitlines()]
    mine = [each for each in lines if "warehouse" in each["hop"]]
    assert Counter(each["balances"] for each in mine) == {True: len(mine)}
    assert sum(each["expected"] for each in mine if each["hop"] == "topic → warehouse") == 4 * BAD
