"""freshness: from the instant a fact is due to be published until it is visible, under a steady
open-loop load, beside the bare client's round trip."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from backbone.errors import Fatal
from backbone.kafka import config
from bench.expectation import wait_until_built
from bench.facts.prices import TOPIC
from bench.figures import RSS
from bench.ground import Ground, settings_shown
from bench.latency import latencies_ms
from bench.process import command, peak_rss_mib
from bench.running import running
from bench.stage import MEMORY, Bar, Contestant, Prepared, Sample, ratio_at_most
from bench.statistics import percentile
from bench.workers.view import Offsets
from cli import wiring

P50, P99 = "p50_ms", "p99_ms"
_RATE = 2_000
_SECONDS = 20
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Freshness:
    name: str = "freshness"
    what: str = "from due to visible in the prices view, at 2,000 facts a second"
    keys: int = 20_000
    bars: Sequence[Bar] = (ratio_at_most(3.0, P50), ratio_at_most(4.0, P99), MEMORY)
    max_runs: int = 99

    @contextmanager
    def prepare(self, ground: Ground, share: float) -> Iterator[Prepared]:
        ground.clean_topics()
        Offsets("prices").empty_the_store()
        count = _RATE * (_SECONDS if share == 1.0 else 2)
        bare = partial(_measured, ground, ["arrivals", TOPIC], count, self.keys)
        apart = partial(ground.work, "transactions", topic=TOPIC, size=10, times=count // 100)
        stated = {
            "facts a second": _RATE,
            "seconds": count // _RATE,
            "keys": self.keys,
            "partitions": 4,
            "left out": "the first tenth, while connections are made",
            "due": "by the generator's schedule, which waits for nothing",
            "visible": "the view's stored offset has passed it, seen every half a millisecond",
            "source transaction": "10 facts and the cursor",
        }
        base = wiring.kafka("bench")
        yield Prepared(
            (
                Contestant("bare round trip", "ceiling", bare),
                Contestant("produce to visible", "candidate", partial(self._seen, ground, count)),
                Contestant("source transaction", "apart", apart),
            ),
            stated,
            {
                "producer": settings_shown(config.producer(base)),
                "consumer": settings_shown(config.member(base, "one group a run")),
            },
        )

    def _seen(self, ground: Ground, count: int) -> Sample:
        """The worker as in production, at the end of its topic before the first fact is due."""
        os.environ["BACKBONE_APP"] = "bench-freshness"
        view = ["cli.main", "run", "view", "prices"]
        with running(view, ground.logs / "view.log") as worker:
            wait_until_built("prices", TOPIC, worker)
            found = _measured(ground, ["sightings", "prices"], count, self.keys)
            return {**found, RSS: peak_rss_mib(worker.pid)}


def _measured(ground: Ground, watcher: Sequence[str], count: int, keys: int) -> Sample:
    name, *arguments = watcher
    os.environ["BACKBONE_APP"] = f"bench-{os.urandom(4).hex()}"
    with (ground.logs / f"{name}.log").open("ab") as log:
        watching = subprocess.Popen(
            [*command(name), *arguments, str(count)], stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        if watching.stdout is None or watching.stdout.readline() != "ready\n":
            raise Fatal(f"{name} did not start (its log: {ground.logs})")
        sent = ground.work("generate", topic=TOPIC, rate=_RATE, count=count, keys=keys)
        said, _ = watching.communicate(timeout=_PATIENCE_SECONDS)
    finally:
        watching.kill()
        watching.wait()
    took = latencies_ms(sent["placed"][count // 10 :], json.loads(said))
    return {P50: percentile(took, 0.5), P99: percentile(took, 0.99), "most_ms": max(took)}


FRESHNESS = Freshness()
