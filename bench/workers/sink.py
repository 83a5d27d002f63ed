"""Candidate: the warehouse's sink with everything around it, on an emptied warehouse, until the
last fact of its topic is a row and said to be there."""

from collections.abc import Mapping, Sequence
from typing import Any

from backbone.errors import Fatal
from backbone.log import End, Subscription
from backbone.record import RecordBatch
from backbone.warehouse.clickhouse_client import ClickHouse
from backbone.warehouse.store import Place
from backbone.warehouse.table import FactTable
from bench.facts.prices import PRICE
from bench.process import Stopwatch, serve
from cli import sink_wiring, wiring
from cli.process import collect_rarely

_SINK = "warehouse"
_ALL = 1 << 62


class Watched:
    """The subscription, looked at from outside: when the first records came, and whether the last
    ones did. The warehouse is asked only then."""

    def __init__(self, inner: Subscription, ends: Mapping[int, int], table: FactTable) -> None:
        self._inner = inner
        self._ends = ends
        self._table = table
        self._reader = sink_wiring.warehouse_reader()
        self._delivered: dict[int, int] = {}
        self.watch = Stopwatch()

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch | End]:
        if not self._delivered:
            self.watch.start()  # taking the partitions over is within the poll that reads first
        timeout = 0.001 if self._all_delivered() else timeout_seconds
        events = self._inner.poll(max_records, timeout)
        for event in events:
            if isinstance(event, RecordBatch):
                self._delivered[event.partition] = event.next_offset
        return events

    def _all_delivered(self) -> bool:
        return all(self._delivered.get(each, 0) >= end for each, end in self._ends.items())

    def done(self) -> bool:
        if not self._all_delivered():
            return False
        reached = {
            each.partition: each.next_offset for each in self._reader.complete_up_to(self._table)
        }
        if any(reached.get(each, 0) < end for each, end in self._ends.items()):
            return False
        self.watch.stop()
        return True

    def require(self, topic_id: str, count: int) -> None:
        """Raises Fatal unless there is exactly one row of each fact."""
        found = [
            self._reader.counts(self._table, Place(topic_id, each), 0, _ALL) for each in self._ends
        ]
        rows, stored = sum(each.rows for each in found), sum(each.stored for each in found)
        if not rows == stored == count:
            raise Fatal(f"{rows} rows of {stored} are there, {count} were expected")

    def keep_alive(self, seconds: float) -> None:
        self._inner.keep_alive(seconds)

    def rewind(self, partition: int, offset: int) -> None:
        self._inner.rewind(partition, offset)

    def close(self) -> None:
        self._inner.close()


def load(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`topic` up to `ends`, which are `count` facts."""
    collect_rarely()
    topic, count = arguments["topic"], arguments["count"]
    _empty_the_warehouse()
    runner, subscription, loader = sink_wiring.sink_runner(_SINK, topic)
    ends = {int(partition): end for partition, end in arguments["ends"].items()}
    watched = Watched(subscription, ends, FactTable(wiring.contracts()[PRICE]))
    try:
        runner.run(watched, watched.done)
        figures = watched.watch.figures(count)
        watched.require(wiring.topic_admin().topic_ids([topic])[topic], count)
    finally:
        watched.close()
        loader.close()
    return figures


def _empty_the_warehouse() -> None:
    clickhouse = ClickHouse(sink_wiring.clickhouse_url())
    _, tables = clickhouse.select("SHOW TABLES")
    for (name,) in tables:
        clickhouse.command(f"DROP TABLE `{name.decode()}` SYNC")
    clickhouse.close()


if __name__ == "__main__":
    serve(load)
