"""What the client handed over: read into columns and let go at once.

A message costs most when it is cold: its parts lie all over the memory, and each look at them
misses the processor's cache, freeing them as well. So they are taken a hundred at a time, and all
that is ever wanted of them is read before the next hundred.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import ceil
from operator import itemgetter
from typing import cast

from confluent_kafka import Message

from backbone.kafka.headers import EveryHeader, FewHeaders
from backbone.record import RecordBatch

AT_A_TIME = 100
MAX_BYTES = 2 * 1024 * 1024
"""Of values that a poll takes, give or take the last record: no more than is held in memory several
times over, as bytes, as rows, as columns."""

_OFFSET = cast("Callable[[Message], int]", Message.offset)  # what was read has one
_PARTITION = cast("Callable[[Message], int]", Message.partition)


@dataclass(slots=True)
class Run:
    """Records of one partition, column by column, in offset order."""

    partition: int
    offsets: list[int] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)
    headers: EveryHeader | FewHeaders = field(default_factory=EveryHeader)
    timestamps_ms: list[int] = field(default_factory=list)

    def add(self, messages: Sequence[Message]) -> None:
        self.offsets += map(_OFFSET, messages)
        self.keys += map(Message.key, messages)
        self.values += map(Message.value, messages)
        self.headers.take(messages)
        self.timestamps_ms += map(itemgetter(1), map(Message.timestamp, messages))

    def batch(self, topic: str, topic_id: str) -> RecordBatch:
        return RecordBatch(
            topic=topic,
            topic_id=topic_id,
            partition=self.partition,
            offsets=self.offsets,
            keys=self.keys,
            values=self.values,
            headers=self.headers,
            timestamps_ms=self.timestamps_ms,
        )

    def extend(self, behind: "Run") -> None:
        self.offsets += behind.offsets
        self.keys += behind.keys
        self.values += behind.values
        self.headers.extend(behind.headers)  # type: ignore[arg-type] # one kind a subscription
        self.timestamps_ms += behind.timestamps_ms


class Taken:
    """Runs of records, and between them what the client says of a partition: its end, an error."""

    def __init__(self, headers: type[EveryHeader | FewHeaders] = EveryHeader) -> None:
        self._headers = headers
        self.items: list[Run | Message] = []
        self.count = 0
        self.size = 0  # bytes of the values

    def add(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        self.count += len(messages)
        self.size += sum(map(len, messages))
        partitions = [*map(_PARTITION, messages)]
        if partitions.count(partitions[0]) == len(messages) and not any(
            map(Message.error, messages)
        ):
            self._records(partitions[0], messages)
            return
        for (partition, told), some in groupby(messages, _kind):
            if told:
                self.items += some
            else:
                self._records(partition, [*some])

    def fitting(self) -> int:
        """How many to take next, if they are as large as those before; none once it is enough."""
        if not self.size:
            return AT_A_TIME
        room, mean = MAX_BYTES - self.size, self.size / self.count
        return max(0, min(AT_A_TIME, ceil(room / mean)))

    def drop(self, partition: int) -> None:
        self.items = [each for each in self.items if _partition(each) != partition]
        self._measure()

    def hold_back(self) -> "Taken":
        """Take the last run away, unless it is all there is, and give it."""
        held = Taken(self._headers)
        if len(self.items) > 1 and isinstance(self.items[-1], Run):
            held.items = [self.items.pop()]
            held._measure()
            self._measure()
        return held

    def _records(self, partition: int, messages: Sequence[Message]) -> None:
        last = self.items[-1] if self.items else None
        if not isinstance(last, Run) or last.partition != partition:
            last = Run(partition, headers=self._headers())
            self.items.append(last)
        last.add(messages)

    def _measure(self) -> None:
        runs = [each for each in self.items if isinstance(each, Run)]
        self.count = sum(len(each.offsets) for each in runs)
        self.size = sum(len(value) for each in runs for value in each.values if value)


def _kind(message: Message) -> tuple[int, bool]:
    return _PARTITION(message), message.error() is not None


def _partition(item: Run | Message) -> int | None:
    return item.partition if isinstance(item, Run) else item.partition()
