"""What an operator and an analyst type next: the commands themselves, with what they answer."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from backbone.errors import Fatal
from backbone.warehouse.clickhouse_client import ClickHouse, NoTable
from cli import wiring
from cli.demo.scene import Scene
from cli.output import Format, show
from consumers.catalog import SINKS

QUERIES: Final = {
    "revenue per country and month, orders that were cancelled left out": """
SELECT country, formatDateTime(placed_at, '%Y-%m') AS month,
       sum(arraySum(line -> line.quantity * line.unit_price, lines)) AS revenue
FROM sales_order_placed
WHERE order_id NOT IN (SELECT order_id FROM sales_order_cancelled)
GROUP BY country, month ORDER BY revenue DESC LIMIT 5""",
    "price history of a product": """
SELECT effective_at, price, _kafka_partition AS partition, _kafka_offset AS offset
FROM pricing_price_changed WHERE stock_code = '85123A'
ORDER BY effective_at DESC LIMIT 5""",
    "orders cancelled, by month": """
SELECT formatDateTime(cancelled_at, '%Y-%m') AS month, count() AS cancelled
FROM sales_order_cancelled GROUP BY month ORDER BY month""",
}
_WELL: Final = frozenset({0, 3})  # 3: partial, as without a warehouse


def print_answered(scene: Scene, *arguments: str) -> None:
    """A command of ours and what it says. Raises Fatal where it finds something wrong."""
    print_line(f"\n$ backbone {' '.join(arguments)}")
    command = [sys.executable, "-m", "cli.main", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=scene.environment()
    )
    print_line(done.stdout.rstrip())
    if done.returncode not in _WELL:
        last = done.stderr.strip().splitlines()[-1:]
        raise Fatal(f"backbone {' '.join(arguments)} ended with {done.returncode}: {last}")


def print_line(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def rows_to_load() -> int | None:
    """Records that the warehouse has yet to reach; None while that cannot be told."""
    ends, clickhouse = _ends(), _clickhouse()
    try:
        _, found = clickhouse.select(
            "SELECT topic, partition, min(next_offset) FROM complete_up_to GROUP BY 1, 2"
        )
    except NoTable:
        return None
    finally:
        clickhouse.close()
    reached: dict[tuple[str, int], int] = {
        (topic.decode(), partition): offset for topic, partition, offset in found
    }
    return sum(max(0, end - reached.get(place, 0)) for place, end in ends.items())


def _ends() -> Mapping[tuple[str, int], int]:
    admin = wiring.topic_admin()
    topics = {topic for sink in SINKS.values() for topic in sink.topics(wiring.contracts())}
    return {
        (topic, partition): end for topic in topics for partition, end in admin.ends(topic).items()
    }


def print_queries() -> None:
    """As an analyst would ask, of the views that have each fact once."""
    clickhouse = _clickhouse()
    try:
        for what, statement in QUERIES.items():
            print_line(f"\n-- {what}{statement};")
            names, rows = clickhouse.select(statement)
            show([_shown(names, row) for row in rows], names, Format.TABLE)
    finally:
        clickhouse.close()


def _shown(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return {
        name: each.decode() if isinstance(each, bytes) else each
        for name, each in zip(names, row, strict=True)
    }


def _clickhouse() -> ClickHouse:
    return ClickHouse(wiring.settings().services.clickhouse_url.get_secret_value())
