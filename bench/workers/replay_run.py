"""Apart: a run of dead letters and their owner at once, from the first that is sent to the last
answer. The owner is a process of its own, as `backbone run view` has it."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any
from uuid import uuid4

from backbone.errors import Fatal
from backbone.kafka.publisher import KafkaAppender
from backbone.replay.drive import Drive, Line, Retry
from backbone.replay.ramp import Ramp
from backbone.replay.retry_headers import Run
from bench.process import Stopwatch, serve
from bench.workers.hand_over import retries
from bench.workers.replay import stand_at_the_end
from cli import wiring
from cli.process import collect_rarely
from cli.replay_wiring import answers

_AT_ONCE = 20_000
_FIRST = 100


def replay(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Every dead letter of `view`, as fast as it goes."""
    collect_rarely()
    name = arguments["view"]
    stand_at_the_end(name)
    command = [sys.executable, "-m", "cli.main", "run", "view", name]
    owner = subprocess.Popen(command, env=os.environ, stdout=sys.stderr)
    try:
        run = Run(uuid4().hex[:12], "bench")
        found = retries(name, run)
        _driven(name, run, found[:_FIRST])  # until the owner is up
        return _driven(name, run, found[_FIRST:])
    finally:
        owner.terminate()
        owner.wait(30)


def _driven(name: str, run: Run, retries: Sequence[Retry]) -> Mapping[str, Any]:
    base = wiring.kafka("bench-replay")
    with (
        closing(KafkaAppender(base)) as appender,
        closing(answers(name, base, wiring.topic_admin())) as follower,
    ):
        ramp = Ramp(len(retries), at_once=_AT_ONCE)
        drive = Drive(
            run.id, retries, ramp, Line(appender, follower, time.monotonic, lambda _: None)
        )
        watch = Stopwatch()
        drive.run()
        watch.stop()
    if drive.settled != len(retries):
        raise Fatal(f"of {len(retries)} letters {dict(drive.became)}: nothing was measured")
    return watch.figures(len(retries))


if __name__ == "__main__":
    serve(replay)
