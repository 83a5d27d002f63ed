"""A view's worker that takes longer for some batches than its group waits for it.

As `backbone`, with two differences: every fifth batch takes twelve seconds, and the group waits
eight of them (max.poll.interval.ms), so that a takeover comes in the middle of work whose process
is alive and whose heartbeats go on.
"""

import itertools
import threading

from backbone.kafka import config
from backbone.record import Outcomes, RecordBatch
from cli.main import main
from processors.projector import Projector

PATIENCE_MS = 8_000
SLOW_SECONDS = 12.0
EVERY = 5

_numbers = itertools.count(1)
_step = Projector.step


def _slow_step(self: Projector, batch: RecordBatch) -> Outcomes:
    outcomes = _step(self, batch)
    if next(_numbers) % EVERY == 0:
        threading.Event().wait(SLOW_SECONDS)
    return outcomes


if __name__ == "__main__":
    config.MAX_POLL_INTERVAL_MS = PATIENCE_MS  # type: ignore[attr-defined] # as it reads it
    Projector.step = _slow_step  # type: ignore[method-assign]
    main()
