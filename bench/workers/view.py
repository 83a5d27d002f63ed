"""Candidate: a view's worker with everything around it, on an emptied store, until the last fact
of its topic is stored."""

from collections.abc import Mapping
from typing import Any

import redis

from backbone.views.layout import partition_keys
from bench.process import serve
from bench.watched import Watched
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


def keep_view(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`view` up to `ends`, which are `count` facts."""
    collect_rarely()
    name, codec = arguments["view"], wiring.batch_codec()
    codec.check(list(VIEWS[name].reads))
    offsets = Offsets(name)
    offsets.empty_the_store()
    runner, subscription = wiring.view_runner(name, codec)
    ends = {int(partition): end for partition, end in arguments["ends"].items()}
    watched = Watched(
        subscription,
        ends,
        lambda: dict(enumerate(offsets.now())),
        lambda: bool(runner.partitions),
    )
    try:
        runner.run(watched, watched.done)
        return watched.watch.figures(arguments["count"])
    finally:
        watched.close()
        runner.close()


if __name__ == "__main__":
    serve(keep_view)
