"""memory: ten million facts through one worker, whose resident memory is looked at all the time."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from backbone.errors import Fatal
from bench.figures import RSS
from bench.ground import Ground, say
from bench.process import peak_rss_mib, rss_mib
from bench.running import running
from bench.stage import MEMORY, Bar, Contestant, Prepared, Sample, at_most
from bench.statistics import Trend
from bench.workers.view import Offsets

GROWTH = "growth_in_noises"
_EVERY_SECONDS = 1.0
_MIB_OF_CHANCE = 4.0
"""Less is the allocator's rounding, whatever the noise was."""
_PATIENCE_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class Memory:
    """The slope is a straight line through the second half: what it grows by over that half, in
    multiples of the standard deviation around the line. Two of them are chance."""

    name: str = "memory"
    what: str = "resident memory of the prices worker over ten million facts"
    block: int = 500_000
    blocks: int = 20
    keys: int = 20_000
    bars: Sequence[Bar] = (MEMORY, at_most(2.0, GROWTH))
    max_runs: int = 1

    @contextmanager
    def prepare(self, ground: Ground, share: float) -> Iterator[Prepared]:
        ground.clean_topics()
        block = int(self.block * share)
        loaded = ground.work(
            "load",
            facts="prices",
            count=block,
            keys=self.keys,
            blocks=self.blocks,
            expected=str(ground.folder / "memory.json"),
        )
        count = block * self.blocks
        ends = {int(partition): end for partition, end in loaded["next_offsets"].items()}
        stated = {
            "facts": count,
            "keys": self.keys,
            "partitions": len(ends),
            "bytes a record": round(loaded["record_bytes"]),
            "looked at": f"every {_EVERY_SECONDS:g} s; the line is through the second half",
        }
        candidate = Contestant("prices view", "candidate", partial(_looked_at, ground, ends, count))
        yield Prepared((candidate,), stated)
        ground.clean_topics()


def _looked_at(ground: Ground, ends: Mapping[int, int], count: int) -> Sample:
    os.environ["BACKBONE_APP"] = "bench-memory"
    offsets = Offsets("prices")
    offsets.empty_the_store()
    times, sizes = list[float](), list[float]()
    view = ["cli.main", "run", "view", "prices"]
    with running(view, ground.logs / "view.log") as worker:
        for _ in _until_stored(worker, offsets, ends):
            times.append(time.monotonic())
            sizes.append(rss_mib(worker.pid))
        peak = peak_rss_mib(worker.pid)
    half = len(times) // 2
    trend = Trend.of(times[half:], sizes[half:])
    return {
        RSS: peak,
        "facts_per_second": count / (times[-1] - times[0]),
        "growth_mib": trend.growth,
        "noise_mib": trend.noise,
        GROWTH: max(0.0, trend.growth) / max(trend.noise, _MIB_OF_CHANCE / 2),
    }


def _until_stored(
    worker: "subprocess.Popen[bytes]", offsets: Offsets, ends: Mapping[int, int]
) -> Iterator[None]:
    deadline, rest = time.monotonic() + _PATIENCE_SECONDS, threading.Event()
    while True:
        stored = offsets.now()
        if any(stored):
            yield
        if all(stored[partition] >= end for partition, end in ends.items()):
            return
        if worker.poll() is not None or time.monotonic() > deadline:
            raise Fatal(f"the view stopped at {stored} of {dict(ends)}: see its log")
        say(f"memory: {sum(stored):,} of {sum(ends.values()):,} offsets")
        rest.wait(_EVERY_SECONDS)


MEMORY_STAGE = Memory()
