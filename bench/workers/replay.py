"""Candidate: a view's worker with everything around it, over what is to be tried again, from the
poll that claims its partitions to the last outcome told.

The retries stand in their topic before, as the facts do that are read live. The view stands at the
end of its own topic without an entry, so that every retry is work: decoded, folded and written.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import redis

from backbone.errors import Fatal
from backbone.log import End, Follower, Subscription
from backbone.metrics import REPLAYED
from backbone.record import RecordBatch
from backbone.replay.outcomes import SETTLED, ToldColumns, told_in
from backbone.views.store import Status
from bench.process import Stopwatch, serve
from cli import wiring
from cli.process import collect_rarely
from cli.replay_wiring import answers
from processors.catalog import VIEWS

_AT_A_TIME = 5_000
_SILENCE_SECONDS = 10


class Watched:
    """The subscription, looked at from outside: when it was given its partitions."""

    def __init__(self, inner: Subscription, told: "Told", owns: Callable[[], bool]) -> None:
        self._inner = inner
        self._told = told
        self._owns = owns

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch | End]:
        if not self._owns():
            self._told.watch.start()
        return self._inner.poll(max_records, timeout_seconds)

    def keep_alive(self, seconds: float) -> None:
        self._inner.keep_alive(seconds)

    def rewind(self, partition: int, offset: int) -> None:
        self._inner.rewind(partition, offset)

    def close(self) -> None:
        self._inner.close()


class Told:
    """The outcomes of one run: the worker's own metric says when all were told, for whoever reads
    them does so in the process and the time that are measured; then they are read, every one."""

    def __init__(self, replay: str, count: int) -> None:
        self._replay = replay
        self._count = count
        self.watch = Stopwatch()

    def all(self) -> bool:
        samples = (each for metric in REPLAYED.collect() for each in metric.samples)
        told = sum(each.value for each in samples if each.name.endswith("_total"))
        self.watch.stop()
        return told >= self._count

    def require(self, follower: Follower) -> None:
        left = self._count
        while left > 0:
            batches = follower.poll(_AT_A_TIME, _SILENCE_SECONDS)
            if not batches:
                raise Fatal(f"{left} outcomes were counted and not told: nothing was measured")
            values = (each for batch in batches for each in batch.values)
            left -= sum(self._heard(told_in(value or b"")) for value in values)

    def _heard(self, told: ToldColumns) -> int:
        failed = told.counted().keys() - SETTLED
        if failed:
            raise Fatal(f"a retry was {', '.join(failed)}: nothing was measured")
        return [run for run, _, _ in told.runs].count(self._replay)


def replay(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `count` retries of `run` that bench/workers/hand_over.py appended for `view`."""
    collect_rarely()
    name, count, codec = arguments["view"], arguments["count"], wiring.batch_codec()
    codec.check(list(VIEWS[name].reads))
    stand_at_the_end(name)
    base = wiring.kafka("bench-replay")
    with closing(answers(name, base, wiring.topic_admin())) as follower:
        told = Told(arguments["run"], count)
        runner, subscription = wiring.view_runner(name, codec)
        with closing(Watched(subscription, told, lambda: bool(runner.partitions))) as watched:
            runner.run(watched, told.all)
        runner.close()
        told.require(follower)
    return told.watch.figures(count)


def stand_at_the_end(name: str) -> None:
    """As if every fact had been parked."""
    redis.Redis.from_url(wiring.settings().services.redis_url.get_secret_value()).flushall()
    topic, writer, view = VIEWS[name].topic, wiring.view_writer(), wiring.view_id(name)
    admin = wiring.topic_admin()
    topic_id = admin.topic_ids([topic])[topic]
    for partition, end in admin.ends(topic).items():
        claimed = writer.claim(view, partition)
        writer.start(view, partition, claimed.token, Status(topic_id, end, 0, 0, 0))


if __name__ == "__main__":
    serve(replay)
