"""A source's rejects, mended by a repair file: published once, whatever happens meanwhile."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.e2e import bad_rows
from tests.e2e.world import ORDERS, PRICES, START, World

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis, pytest.mark.postgres]

BAD = 300


def _rows(world: World, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    done = world.run("dlq", *arguments, "--output", "json")
    assert done.returncode == code, done.stderr
    assert bad_rows.SECRET not in done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _repairs(folder: Path, rows: list[dict[str, str]]) -> str:
    path = folder / "repairs.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def test_mended_rows_are_published_once_though_the_source_is_killed_and_asked_twice(
    world: World,
) -> None:
    rows = [f"C{number},0,GBP,{START.isoformat()}\n".encode() for number in range(BAD)]
    (world.price_lists / "1.csv").write_bytes(b"".join([bad_rows.HEADER, *rows]))
    source = world.start("run", "source", "price-list")
    world.wait(lambda: len(world.dead("price-list")) == BAD, "every row was rejected")
    where = [f"1.csv:{number + 2}" for number in range(BAD)]
    # one is mended wrongly
    prices = {place: "1.50" if place != "1.csv:3" else "-1" for place in where}
    repairs = _repairs(
        world.folder, [{"where": place, "price": price} for place, price in prices.items()]
    )
    plan = _rows(world, "plan", "price-list", "--repairs", repairs)
    assert {each["verdict"]: each["count"] for each in plan} == {"would_pass": 299, "would_fail": 1}

    run = ("run", "price-list", "--repairs", repairs)
    going = world.start("dlq", *run, "--rate", "100")
    world.wait(lambda: len(world.records(PRICES)) > BAD // 10, "some are published")
    source.kill()
    going.kill()
    world.start("run", "source", "price-list")
    done = _rows(world, *run, "--rate", "0", code=3)[0]
    assert (done["failed_again"], done["left_out"]) == (0, 1)
    assert Counter(Counter(world.ids(PRICES)).values()) == {1: BAD - 1}
    cursor = world.cursor("price-list")
    assert (cursor.read, cursor.published, cursor.rejected) == (BAD, 0, BAD)
    assert cursor.retried.mended == BAD - 1

    # what is wrong fails again, and is a letter again
    failed = _rows(world, *run, "--also-failing", code=3)[0]
    assert (failed["messages"], failed["failed_again"]) == (1, 1)
    states = {
        each["state"]: each["messages"] for each in _rows(world, "report", "price-list", code=3)
    }
    assert (states["failed_again"], states["balances"]) == (1, "yes")
    assert states["recovered"] + states["already_applied"] == BAD - 1
    assert len(world.records(PRICES)) == BAD - 1


def test_an_outbox_row_keeps_its_id_when_it_is_mended(world: World) -> None:
    with psycopg.connect(world.shop_dsn) as connection:
        world.outbox(connection, "OrderPlaced", "o3", bad_rows.order("o3", currency="pound"))
    world.start("run", "source", "shop")
    world.wait(lambda: len(world.dead("shop")) == 1, "it was rejected")
    with psycopg.connect(world.shop_dsn) as connection:
        (row_id,) = connection.execute("SELECT id FROM outbox").fetchone() or ("",)
    repairs = _repairs(world.folder, [{"where": "outbox:1", "currency": "GBP"}])
    done = _rows(world, "run", "shop", "--repairs", repairs)[0]
    assert done["recovered"] == 1
    assert world.ids(ORDERS) == [str(row_id)]
    assert [each.key for each in world.records(ORDERS)] == [b"o3"]
