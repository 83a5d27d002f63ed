"""How long one part holds up everybody else in Redis, by its number of keys.

For docs/decisions/0005-size-of-a-part.md, not for judging: `python -m bench.part_size`, with the
services that `backbone run view` would use. Writes a view of its own, and clears it.
"""

import statistics
import time
from collections.abc import Iterator
from typing import Final

from backbone.views.store import EncodedEntry, Part, Status, ViewId
from cli import wiring

VIEW: Final = ViewId("bench-part-size", 1, 1)
SIZES: Final = (250, 1_000, 2_500, 5_000)
ENTRY: Final = b'[1,2,"id","source","sequence",3,4,{"text":"' + b"x" * 240 + b'"}]'
ROUNDS: Final = 40


def main() -> None:
    """Print, per size, how long a part took: median and 95th percentile, and per key."""
    print(f"{'keys':>6} {'median ms':>10} {'p95 ms':>8} {'us a key':>9}")
    for keys in SIZES:
        taken = sorted(_rounds(keys))
        median = statistics.median(taken)
        p95 = taken[int(len(taken) * 0.95)]
        print(f"{keys:>6} {median:>10.2f} {p95:>8.2f} {median / keys * 1000:>9.2f}")


def _rounds(keys: int) -> Iterator[float]:
    """Milliseconds from sending a part, whose keys are known, to its answer."""
    writer = wiring.view_writer()
    try:
        token = writer.claim(VIEW, 0).token
        writer.start(VIEW, 0, token, Status("topic", 0, 0, 0, 0))
        entries = {f"key-{number}": EncodedEntry((1, 2), ENTRY) for number in range(keys)}
        writer.write(VIEW, 0, token, Part(0, entries, Status("topic", 1, 0, 0, 0)))
        for offset in range(1, ROUNDS + 1):
            part = Part(offset, entries, Status("topic", offset + 1, 0, 0, 0), entries.keys())
            began = time.perf_counter()
            writer.write(VIEW, 0, token, part)
            yield (time.perf_counter() - began) * 1000
    finally:
        writer.clear(VIEW, 0)
        writer.close()


if __name__ == "__main__":
    main()
