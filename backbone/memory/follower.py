"""A follower of the log in memory: see `backbone.log.Follower`."""

from collections.abc import Sequence

from backbone.memory.log import MemoryLog
from backbone.record import RecordBatch


class MemoryFollower:
    def __init__(self, log: MemoryLog, topic: str) -> None:
        self._log = log
        self._topic = topic
        self._positions: dict[int, int] = {}

    def start(self, partition: int, offset: int) -> None:
        self._positions[partition] = max(0, offset)

    def stop(self, partition: int) -> None:
        self._positions.pop(partition, None)

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch]:
        del timeout_seconds
        batches = []
        for partition, start in self._positions.items():
            taken = self._log.topic(self._topic).partitions[partition][start : start + max_records]
            self._positions[partition] = start + len(taken)
            if taken:
                batches.append(RecordBatch.of(taken))
        return batches

    def close(self) -> None:
        """Nothing is held."""
