"""When a fact is visible: the instant at which the view's stored offset, which is written in one
step with the entry, was first seen behind it. Asked about every half a millisecond.

Says `ready` at once; gives (partition, next offset, instant) steps as JSON.
"""

import json
import sys
import threading
import time

from backbone import logs
from bench.workers.view import Offsets

_PAUSE_SECONDS = 0.0004


def main() -> None:
    logs.configure("warning", human=False)
    offsets, count, rest = Offsets(sys.argv[1]), int(sys.argv[2]), threading.Event()
    before = offsets.now()
    until = sum(before) + count
    steps: list[tuple[int, int, int]] = []
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while sum(before) < until:
        rest.wait(_PAUSE_SECONDS)
        found, now = offsets.now(), time.monotonic_ns()
        steps += [(at, new, now) for at, new in enumerate(found) if new != before[at]]
        before = found
    sys.stdout.write(json.dumps(steps) + "\n")


if __name__ == "__main__":
    main()
