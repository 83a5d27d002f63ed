"""Bounded reads of the log in memory."""

from collections.abc import Generator, Mapping, Sequence

from backbone.log import Wanted
from backbone.memory.log import MemoryLog
from backbone.record import Record


class MemoryReader:
    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def scan(
        self, topic: str, starts: Mapping[int, int] | None = None, wanted: Wanted | None = None
    ) -> Generator[Record, None, None]:
        for partition, rows in enumerate(self._log.topic(topic).partitions):
            found = rows[(starts or {}).get(partition, 0) :]
            yield from (each for each in found if wanted is None or wanted(each.key))

    def newest(self, topic: str, partition: int) -> bytes | None:
        rows = self._log.topic(topic).partitions[partition]
        return rows[-1].value if rows else None

    def newest_of(self, topic: str, partitions: Sequence[int]) -> Mapping[int, bytes | None]:
        return {each: self.newest(topic, each) for each in partitions}

    def close(self) -> None:
        """Nothing is held."""
