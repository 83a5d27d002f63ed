"""The demo's story: facts flow, are counted, are asked for, and what was refused is shown."""

import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import httpx

from backbone import dead_letters
from backbone.errors import Fatal
from backbone.kafka.reader import KafkaReader
from backbone.record import Record, last_header
from cli import wiring
from cli.demo import balance
from cli.demo.commands import print_answered, print_line, print_queries, rows_to_load
from cli.demo.progress import Meter
from cli.demo.scene import Scene, say
from cli.output import Format, show
from cli.view_positions import view_positions
from processors.catalog import VIEWS

_PATIENCE_SECONDS = 180.0
SOURCES = {"price-list": balance.PRICES_TOPIC, "shop": balance.ORDERS_TOPIC}
EXPECTED = {"price-list": "price_list.csv", "shop": "orders.jsonl"}
_HEADERS = ("ETag", "Backbone-As-Of", "Backbone-Staleness", "Backbone-Position")


def tell(scene: Scene) -> None:
    reader = wiring.reader()
    before = {name: balance.cursor(reader, name) for name in SOURCES}
    scene.drop_price_list()
    _follow(scene, reader)
    for name, earlier in before.items():
        published = balance.cursor(reader, name).published - earlier.published
        print_line(f"{name}: {published} facts published by this run")
    _balance(scene, reader)
    _ask(scene)
    _show_rejects(reader)
    reader.close()
    if scene.has_warehouse:
        _wait_until_loaded(scene)
        print_queries()
    print_answered(scene, "explain", "orders", VIEWS["orders"].example)
    repairs = os.path.relpath(scene.examples / "repairs.csv")
    print_answered(scene, "dlq", "run", "price-list", "--repairs", repairs)
    print_answered(scene, "dlq", "report", "price-list")
    if scene.has_warehouse:
        _wait_until_loaded(scene)
    print_answered(scene, "ledger")


def _follow(scene: Scene, reader: KafkaReader) -> None:
    """Show progress until every input was read and every view is at the end of its topic."""
    totals = {name: _inputs(scene, name) for name in SOURCES}
    shop = scene.start_shop()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with Meter(totals) as meter:
        while shop.poll() is None or not _all_read(reader, totals, meter) or _behind(scene) != 0:
            _watch(scene, shop.poll(), deadline)
    say(scene.fleet.last_words("shop"))


def _watch(scene: Scene, shop_ended_with: int | None, deadline: float) -> None:
    """A moment's rest, in which nothing may have died."""
    scene.fleet.check()
    if time.monotonic() > deadline:
        raise Fatal(f"not everything was there in {_PATIENCE_SECONDS:.0f} s; see the logs")
    if shop_ended_with:
        raise Fatal(f"the shop failed: {scene.fleet.last_words('shop')}")
    time.sleep(0.25)


def _wait_until_loaded(scene: Scene) -> None:
    say("waiting until the warehouse has everything")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while rows_to_load() != 0:
        _watch(scene, 0, deadline)


def _inputs(scene: Scene, name: str) -> int:
    lines = (scene.prepared / EXPECTED[name]).read_text().count("\n")
    return lines - 1 if EXPECTED[name].endswith(".csv") else lines


def _all_read(reader: KafkaReader, totals: dict[str, int], meter: Meter) -> bool:
    read = {name: balance.cursor(reader, name).read for name in SOURCES}
    meter.show(read)
    return all(read[name] >= totals[name] for name in totals)


def _behind(scene: Scene) -> int | None:
    """Log positions that the views have yet to reach; None while that cannot be told."""
    try:
        answer = scene.client.get("/readyz")
    except httpx.HTTPError:
        return None
    if answer.status_code != httpx.codes.OK:
        return None
    admin, positions = wiring.topic_admin(), view_positions(list(VIEWS))
    return sum(
        max(0, end - positions[name].get(partition, 0))
        for name, view in VIEWS.items()
        for partition, end in admin.ends(view.topic).items()
    )


def _balance(scene: Scene, reader: KafkaReader) -> None:
    """Print both balances; raise Fatal when one does not balance."""
    codec = wiring.codec()
    sources = [balance.source_balance(reader, name, topic) for name, topic in SOURCES.items()]
    print_line("\nread = published + rejected, by the cursors and by counting the topics:")
    _table([asdict(each) | {"balances": _yes(each.balances)} for each in sources])
    views = [
        balance.view_balance(scene.client, "prices", balance.latest_prices(reader, codec)),
        balance.view_balance(scene.client, "orders", balance.folded_orders(reader, codec)),
    ]
    print_line(
        "\nan independent fold of the committed records, against every answer of the gateway:"
    )
    _table(
        [
            {
                "view": each.view,
                "expected": each.expected,
                "served": each.served,
                "differing": len(each.differing),
                "equal": _yes(each.balances),
            }
            for each in views
        ]
    )
    if not all([each.balances for each in sources] + [each.balances for each in views]):
        raise Fatal("the balance does not hold: see the tables above, and the processes' logs")


def _table(rows: Sequence[dict[str, Any]]) -> None:
    show(rows, list(rows[0]), Format.TABLE)


def _yes(holds: bool) -> str:
    return "yes" if holds else "NO"


def _ask(scene: Scene) -> None:
    """As a frontend would."""
    for view in VIEWS.values():
        path = f"/v1/{view.name}/{view.example}"
        answer = scene.client.get(path)
        print_line(f"\n$ curl -i {scene.gateway_url}{path}")
        print_line(f"HTTP/1.1 {answer.status_code}")
        for name in _HEADERS:
            print_line(f"{name}: {answer.headers.get(name)}")
        print_line(json.dumps(answer.json(), indent=2, ensure_ascii=False))


def _show_rejects(reader: KafkaReader) -> None:
    for name in SOURCES:
        letters = list(reader.scan(dead_letters.topic_of(name)))
        causes = Counter(_header(letter, dead_letters.ERROR_CODE) for letter in letters)
        told = ", ".join(f"{code}: {count}" for code, count in causes.most_common())
        print_line(f"\n{name}: {len(letters)} rejected ({told}); the first of them:")
        show([_row(letter) for letter in letters[:3]], ("where", "why"), Format.TABLE)
    print_line(
        "\nmore, in another terminal in this folder: . .venv/bin/activate, then "
        "backbone dlq list price-list; backbone dlq show shop 0/0"
    )


def _row(letter: Record) -> dict[str, Any]:
    return {
        "where": _header(letter, dead_letters.SOURCE_POSITION),
        "why": _header(letter, dead_letters.EXCEPTION_MESSAGE),
    }


def _header(letter: Record, name: str) -> str:
    return (last_header(letter.headers, name) or b"").decode(errors="replace")
