"""Candidate: the warehouse's sink with everything around it, on an emptied warehouse, until the
last fact of its topic is a row and said to be there."""

from collections.abc import Mapping, Sequence
from typing import Any

from backbone.errors import Fatal
from backbone.warehouse.clickhouse_client import ClickHouse
from backbone.warehouse.store import Counts, Place
from backbone.warehouse.table import FactTable
from bench.facts.prices import PRICE
from bench.process import serve
from bench.watched import Watched
from cli import sink_wiring, wiring
from cli.process import collect_rarely

_SINK = "warehouse"
_ALL = 1 << 62


def load(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`topic` up to `ends`, which are `count` facts."""
    collect_rarely()
    topic, count = arguments["topic"], arguments["count"]
    _empty_the_warehouse()
    runner, subscription, loader = sink_wiring.sink_runner(_SINK, topic)
    ends = {int(partition): end for partition, end in arguments["ends"].items()}
    table, reader = FactTable(wiring.contracts()[PRICE]), sink_wiring.warehouse_reader()
    watched = Watched(
        subscription,
        ends,
        lambda: {each.partition: each.next_offset for each in reader.complete_up_to(table)},
        lambda: bool(runner.partitions),
    )
    try:
        runner.run(watched, watched.done)
        figures = watched.watch.figures(count)
        topic_id = wiring.topic_admin().topic_ids([topic])[topic]
        _require([reader.counts(table, Place(topic_id, each), 0, _ALL) for each in ends], count)
    finally:
        watched.close()
        loader.close()
    return figures


def _require(found: Sequence[Counts], count: int) -> None:
    """Raises Fatal unless there is exactly one row of each fact."""
    rows, stored = sum(each.rows for each in found), sum(each.stored for each in found)
    if not rows == stored == count:
        raise Fatal(f"{rows} rows of {stored} are there, {count} were expected")


def _empty_the_warehouse() -> None:
    clickhouse = ClickHouse(sink_wiring.clickhouse_url())
    _, tables = clickhouse.select("SHOW TABLES")
    for (name,) in tables:
        clickhouse.command(f"DROP TABLE `{name.decode()}` SYNC")
    clickhouse.close()


if __name__ == "__main__":
    serve(load)
