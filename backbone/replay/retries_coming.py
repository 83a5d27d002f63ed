"""The retries that come next: as many as a round takes, and read ahead while there is time."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from backbone.errors import BackboneError, Transient
from backbone.log import Follower
from backbone.record import RecordBatch
from backbone.replay.packs import Opened, counts_in, opened

MAX_RETRIES = 8_000
"""Between two polls of the processor's own topic, which brings as many facts: these wait as long
for retries as for those before them."""

_MOST_WAITING = 4 * MAX_RETRIES


class Coming:
    """Records of one partition of the retry topic; and the retries in them, one by one."""

    def __init__(self, records: RecordBatch) -> None:
        self.records = records
        self.partition = records.partition

    @cached_property
    def opened(self) -> Opened:
        return opened(self.records)


class RetriesComing:
    """Of the partitions that were started."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._waiting: dict[int, RecordBatch] = {}
        self._next: list[Coming] = []
        self._refused: BackboneError | None = None

    def start(self, partition: int, offset: int) -> None:
        self.stop(partition)
        self._follower.start(partition, offset)

    def stop(self, partition: int) -> None:
        self._waiting.pop(partition, None)
        self._next = [each for each in self._next if each.partition != partition]
        self._follower.stop(partition)

    def poll(self) -> Sequence[Coming]:
        """The next records, of a partition once: with MAX_RETRIES in all, unless one alone holds
        more. Raises Transient, Fatal."""
        refused, self._refused = self._refused, None
        if refused is not None:
            raise refused
        found, self._next = self._next or self._taken(), []
        return found

    def look_ahead(self) -> None:
        """Read what comes next beside other work. What goes wrong is the next poll's to tell, once
        that work is stored."""
        if self._next or self._refused:
            return
        try:
            self._next = self._taken()
        except Transient:  # the next poll meets it again
            return
        except BackboneError as error:
            self._refused = error
        for each in self._next[:1]:
            _ = each.opened

    def _taken(self) -> list[Coming]:
        """A whole round of one partition before smaller ones of several: each costs something
        by itself, however few it has."""
        counts = self._read()
        whole = [each for each, held in counts.items() if sum(held) >= MAX_RETRIES]
        found, room = list[Coming](), MAX_RETRIES
        for partition in whole[:1] or counts:
            batch, held = self._waiting[partition], counts[partition]
            end = _fitting(held, room) or (0 if found else 1)
            if end < len(batch) and found:
                continue
            room -= sum(held[:end])
            found.append(Coming(batch.between(0, end)))
            if end < len(batch):
                self._waiting[partition] = batch.between(end, len(batch))
            else:
                del self._waiting[partition]
        return found

    def _read(self) -> dict[int, list[int]]:
        """Until there is a whole round of a partition, or nothing more; gives the retries in each
        record."""
        while True:
            counts = {each: counts_in(batch) for each, batch in self._waiting.items()}
            sums = [*map(sum, counts.values())]
            if max(sums, default=0) >= MAX_RETRIES or sum(sums) >= _MOST_WAITING:
                return counts
            read = self._follower.poll(MAX_RETRIES, 0)
            if not read:
                return counts
            for each in read:
                before = self._waiting.get(each.partition)
                self._waiting[each.partition] = each if before is None else before.with_next(each)

    def close(self) -> None:
        self._follower.close()


def _fitting(counts: Sequence[int], room: int) -> int:
    """How many of the first records hold no more retries than there is room for."""
    return bisect_right([*accumulate(counts)], room)
