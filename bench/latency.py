"""From when facts were due and when offsets were passed to how long each fact took. Pure."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

Step = tuple[int, int, int]
"""Partition, the offset that was passed, and the instant at which that was first seen."""


def latencies_ms(placed: Sequence[Step], steps: Sequence[Step]) -> list[float]:
    """`placed` holds a fact's partition, offset and the instant it was due; raises ValueError when
    one was never passed."""
    return list(_latencies(placed, _by_partition(steps)))


def _latencies(placed: Sequence[Step], passed: dict[int, list[tuple[int, int]]]) -> Iterator[float]:
    for partition, offset, due in placed:
        found = passed.get(partition, [])
        # the first step that stands behind the fact
        at = bisect_right(found, (offset, 1 << 63))
        if at == len(found):
            raise ValueError(f"the fact at {partition}/{offset} was never seen")
        yield (found[at][1] - due) / 1e6


def _by_partition(steps: Sequence[Step]) -> dict[int, list[tuple[int, int]]]:
    passed: dict[int, list[tuple[int, int]]] = {}
    for partition, offset, instant in steps:
        passed.setdefault(partition, []).append((offset, instant))
    return passed
