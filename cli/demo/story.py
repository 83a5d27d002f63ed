"""The demo's story: facts flow, are counted, are asked for, and what was refused is shown."""

import json
import sys
import time
from collections import Counter
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from backbone import dead_letters
from backbone.errors import Fatal
from backbone.kafka.reader import KafkaReader
from backbone.record import Record, last_header
from cli import wiring
from cli.demo import balance
from cli.demo.scene import Scene, say
from cli.output import Format, show
from processors.catalog import VIEWS

_PATIENCE_SECONDS = 180.0
SOURCES = {"price-list": balance.PRICES_TOPIC, "shop": balance.ORDERS_TOPIC}
EXPECTED = {"price-list": "price_list.csv", "shop": "orders.jsonl"}


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


def print_line(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _follow(scene: Scene, reader: KafkaReader) -> None:
    """Show progress until every input was read and every view is at the end of its topic."""
    inputs = {name: _inputs(scene, name) for name in SOURCES}
    shop = scene.start_shop()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with _progress() as progress:
        bars = {
            name: progress.add_task(f"{name}: inputs read", total=inputs[name]) for name in SOURCES
        }
        views = progress.add_task("views: facts behind", total=None)
        while not _done(scene, reader, progress, (bars, views)) or shop.poll() is None:
            scene.fleet.check()
            if shop.poll():
                raise Fatal(f"the shop failed: {scene.fleet.last_words('shop')}")
            if time.monotonic() > deadline:
                raise Fatal(
                    f"the views did not catch up in {_PATIENCE_SECONDS:.0f} s; see the logs"
                )
            time.sleep(0.25)
    say(scene.fleet.last_words("shop"))


def _inputs(scene: Scene, name: str) -> int:
    lines = (scene.prepared / EXPECTED[name]).read_text().count("\n")
    return lines - 1 if EXPECTED[name].endswith(".csv") else lines


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _done(
    scene: Scene,
    reader: KafkaReader,
    progress: Progress,
    tasks: tuple[dict[str, TaskID], TaskID],
) -> bool:
    bars, views = tasks
    read = {name: balance.cursor(reader, name).read for name in SOURCES}
    for name, bar in bars.items():
        progress.update(bar, completed=read[name])
    behind = _behind(scene)
    progress.update(views, completed=behind or 0)
    all_read = all(read[name] >= _inputs(scene, name) for name in SOURCES)
    return all_read and behind == 0


def _behind(scene: Scene) -> int | None:
    """Log positions that the views have yet to reach; None while that cannot be told."""
    try:
        answer = scene.client.get("/readyz")
        positions = wiring.view_positions(list(VIEWS))
    except httpx.HTTPError:
        return None
    if answer.status_code != httpx.codes.OK:
        return None
    admin = wiring.topic_admin()
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
    show(
        [
            {
                "source": each.source,
                "read": each.read,
                "published": each.published,
                "rejected": each.rejected,
                "in the topic": each.in_topic,
                "in the dead letters": each.in_dead_letters,
                "balances": "yes" if each.balances else "NO",
            }
            for each in sources
        ],
        (
            "source",
            "read",
            "published",
            "rejected",
            "in the topic",
            "in the dead letters",
            "balances",
        ),
        Format.TABLE,
    )
    views = [
        balance.view_balance(scene.client, "prices", balance.latest_prices(reader, codec)),
        balance.view_balance(scene.client, "orders", balance.folded_orders(reader, codec)),
    ]
    print_line(
        "\nan independent fold of the committed records, against every answer of the gateway:"
    )
    show(
        [
            {
                "view": each.view,
                "expected": each.expected,
                "served": each.served,
                "differing": len(each.differing),
                "equal": "yes" if each.balances else "NO",
            }
            for each in views
        ],
        ("view", "expected", "served", "differing", "equal"),
        Format.TABLE,
    )
    if not all(each.balances for each in (*sources, *views)):
        raise Fatal("the balance does not hold: see the tables above, and the processes' logs")


def _ask(scene: Scene) -> None:
    """As a frontend would."""
    for view in VIEWS.values():
        path = f"/v1/{view.name}/{view.example}"
        answer = scene.client.get(path)
        print_line(f"\n$ curl -i {scene.gateway_url}{path}")
        print_line(f"HTTP/1.1 {answer.status_code}")
        for name in ("ETag", "Backbone-As-Of", "Backbone-Staleness", "Backbone-Position"):
            print_line(f"{name}: {answer.headers[name]}")
        print_line(json.dumps(answer.json(), indent=2, ensure_ascii=False))


def _show_rejects(reader: KafkaReader) -> None:
    for name in SOURCES:
        letters = list(reader.scan(dead_letters.topic_of(name)))
        causes = Counter(_header(letter, dead_letters.ERROR_CODE) for letter in letters)
        told = ", ".join(f"{code}: {count}" for code, count in causes.most_common())
        print_line(f"\n{name}: {len(letters)} rejected ({told}); the first of them:")
        show([_row(letter) for letter in letters[:3]], ("where", "why"), Format.TABLE)
    print_line("\nall of them: backbone dlq list price-list; one: backbone dlq show shop 0/0")


def _row(letter: Record) -> dict[str, Any]:
    return {
        "where": _header(letter, dead_letters.SOURCE_POSITION),
        "why": _header(letter, dead_letters.EXCEPTION_MESSAGE),
    }


def _header(letter: Record, name: str) -> str:
    return (last_header(letter.headers, name) or b"").decode(errors="replace")
