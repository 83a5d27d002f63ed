"""A subscription looked at from outside: when the first records came, and whether the last did."""

from collections.abc import Callable, Mapping, Sequence

from backbone.log import End, Subscription
from backbone.record import RecordBatch
from bench.process import Stopwatch


class Watched:
    """Until the partitions stand at `ends`. `reached` gives how far each is stored; it is asked
    only when everything was delivered, so that watching costs nothing meanwhile. `owns` says
    whether the partitions were given already: taking them over is timed, waiting for them is not.
    """

    def __init__(
        self,
        inner: Subscription,
        ends: Mapping[int, int],
        reached: Callable[[], Mapping[int, int]],
        owns: Callable[[], bool],
    ) -> None:
        self._inner = inner
        self._ends = ends
        self._reached = reached
        self._owns = owns
        self._delivered: dict[int, int] = {}
        self.watch = Stopwatch()

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch | End]:
        if not self._owns():
            self.watch.start()
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
        reached = self._reached()
        if any(reached.get(each, 0) < end for each, end in self._ends.items()):
            return False
        self.watch.stop()
        return True

    def keep_alive(self, seconds: float) -> None:
        self._inner.keep_alive(seconds)

    def rewind(self, partition: int, offset: int) -> None:
        self._inner.rewind(partition, offset)

    def close(self) -> None:
        self._inner.close()
