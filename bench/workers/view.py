"""Candidate: a view's worker with everything around it, on an emptied store, until the last fact
of its topic is stored."""

from collections.abc import Mapping, Sequence
from typing import Any

import redis

from backbone.log import End, Subscription
from backbone.record import RecordBatch
from backbone.views.layout import partition_keys
from bench.process import Stopwatch, serve
from cli import wiring
from cli.process import collect_rarely
from processors.catalog import VIEWS


class Offsets:
    """The view's stored offsets, as any reader sees them."""

    def __init__(self, view: str) -> None:
        found = wiring.view_id(view)
        self._names = [partition_keys(found, each).offset for each in range(found.partitions)]
        self._redis = redis.Redis.from_url(wiring.settings().services.redis_url.get_secret_value())

    def now(self) -> list[int]:
        return [int(each or 0) for each in self._redis.mget(self._names)]

    def empty_the_store(self) -> None:
        self._redis.flushall()


class Watched:
    """The subscription, looked at from outside: when the first records came, and whether the last
    ones did. The store is asked only then, so that watching costs nothing meanwhile."""

    def __init__(self, inner: Subscription, ends: Mapping[int, int], offsets: Offsets) -> None:
        self._inner = inner
        self._ends = ends
        self._offsets = offsets
        self._delivered: dict[int, int] = {}
        self.watch = Stopwatch()

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch | End]:
        if not self._delivered:
            self.watch.start()  # claiming the partitions is within the poll that reads first
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
        stored = self._offsets.now()
        if any(stored[partition] < end for partition, end in self._ends.items()):
            return False
        self.watch.stop()
        return True

    def keep_alive(self, seconds: float) -> None:
        self._inner.keep_alive(seconds)

    def rewind(self, partition: int, offset: int) -> None:
        self._inner.rewind(partition, offset)

    def close(self) -> None:
        self._inner.close()


def keep_view(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`view` up to `ends`, which are `count` facts."""
    collect_rarely()
    name, codec = arguments["view"], wiring.batch_codec()
    codec.check(list(VIEWS[name].reads))
    offsets = Offsets(name)
    offsets.empty_the_store()
    runner, subscription = wiring.view_runner(name, codec)
    ends = {int(partition): end for partition, end in arguments["ends"].items()}
    watched = Watched(subscription, ends, offsets)
    try:
        runner.run(watched, watched.done)
        return watched.watch.figures(arguments["count"])
    finally:
        watched.close()


if __name__ == "__main__":
    serve(keep_view)
