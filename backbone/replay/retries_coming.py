"""The retries that come next: as many as a round takes, and read ahead while there is time."""

import time
from collections.abc import Iterable, Sequence
from functools import cached_property, reduce

from backbone.errors import BackboneError, Transient
from backbone.log import Follower
from backbone.record import RecordBatch
from backbone.replay.packs import Opened, Weight, opened, weights_of

MAX_RETRIES = 8_000
"""Between two polls of the processor's own topic, which brings as many facts: these wait as long
for retries as for those before them."""

MAX_BYTES = 4 * 1024 * 1024
"""As many at most, but for one record that alone has more: they are held several times over."""

LONG_SECONDS = 1.0
"""Whoever has waited so long is not passed over any more."""

_ROUNDS = 4  # in memory at most, give or take what a poll gives


def _a_round() -> Weight:
    return Weight(MAX_RETRIES, MAX_BYTES)


def _is_whole(weight: Weight) -> bool:
    return weight.retries >= MAX_RETRIES or weight.size >= MAX_BYTES


def _sum(weights: Iterable[Weight]) -> Weight:
    return reduce(Weight.plus, weights, Weight())


class Coming:
    """Records of one partition of the retry topic; and the retries in them, one by one."""

    def __init__(self, records: RecordBatch) -> None:
        self.records = records
        self.partition = records.partition

    @cached_property
    def opened(self) -> Opened:
        return opened(self.records)


class _Waiting:
    """Records of a partition that no round has taken yet."""

    def __init__(self, records: RecordBatch) -> None:
        self.records = records
        self.since = time.monotonic()
        self._weights = weights_of(records)

    @property
    def weight(self) -> Weight:
        return _sum(self._weights)

    def add(self, behind: RecordBatch) -> None:
        self.records = self.records.with_next(behind)
        self._weights += weights_of(behind)

    def take(self, room: Weight) -> tuple[RecordBatch, Weight]:
        """The first records that there is room for, one at least; they wait no more."""
        end, taken = 1, self._weights[0]
        while end < len(self._weights) and room.holds(more := taken.plus(self._weights[end])):
            end, taken = end + 1, more
        found, self.records = (
            self.records.between(0, end),
            self.records.between(end, len(self.records)),
        )
        self.since = time.monotonic()
        del self._weights[:end]
        return found, taken


class RetriesComing:
    """Of the partitions that were started."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._waiting: dict[int, _Waiting] = {}
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
        """The next records, of a partition once: with MAX_RETRIES and MAX_BYTES in all, unless one
        alone holds more. Raises Transient, Fatal."""
        refused, self._refused = self._refused, None
        if refused is not None:
            raise refused
        found, self._next = self._next or self._round(), []
        return found

    def look_ahead(self) -> None:
        """Read what comes next beside other work. What goes wrong is the next poll's to tell, once
        that work is stored."""
        if self._next or self._refused:
            return
        try:
            self._next = self._round()
        except Transient:  # the next poll meets it again
            return
        except BackboneError as error:
            self._refused = error
        for each in self._next[:1]:
            _ = each.opened

    def _round(self) -> list[Coming]:
        self._read()
        found, room = list[Coming](), _a_round()
        for partition in self._in_turn():
            waiting = self._waiting[partition]
            # a part of one costs as much to work on as the rest of it
            if found and not room.holds(waiting.weight):
                continue
            records, taken = waiting.take(room)
            room = room.less(taken)
            found.append(Coming(records))
            del self._waiting[partition]
            if len(waiting.records):
                self._waiting[partition] = waiting  # behind the others
        return found

    def _in_turn(self) -> list[int]:
        """Whoever has waited long; else a whole round of one partition before less of several, for
        a round costs something by itself, however few it has."""
        now = time.monotonic()
        overdue = [key for key, each in self._waiting.items() if now - each.since >= LONG_SECONDS]
        whole = [key for key, each in self._waiting.items() if _is_whole(each.weight)]
        return whole[:1] if whole and not overdue else [*dict.fromkeys([*overdue, *self._waiting])]

    def _read(self) -> None:
        """Until there is a whole round of a partition, or nothing more."""
        while not any(_is_whole(each.weight) for each in self._waiting.values()):
            every = _sum(each.weight for each in self._waiting.values())
            if max(every.retries / MAX_RETRIES, every.size / MAX_BYTES) >= _ROUNDS:
                return
            read = self._follower.poll(MAX_RETRIES, 0)
            if not read:
                return
            for each in read:
                self._add(each)

    def _add(self, records: RecordBatch) -> None:
        if records.partition in self._waiting:
            self._waiting[records.partition].add(records)
        else:
            self._waiting[records.partition] = _Waiting(records)

    def close(self) -> None:
        self._follower.close()
