"""The log in memory: topics, transactions, groups. For tests of whatever stands on the ports.

Honest about what it shows: committed records appear at once and all together, a publisher is
fenced by a later one of the same id, a group shares partitions among its members. It does not show
time: nothing times out, and nothing is ever unknown unless `away` says that the cluster is.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from backbone.errors import Fatal, Fenced, Misconfigured, Transient
from backbone.fact import LogPosition
from backbone.log import (
    BEGINNING,
    NOTE_BYTES,
    Committed,
    End,
    Listener,
    Message,
    TopicSpec,
    TopicState,
)
from backbone.partitioner import partition_of
from backbone.record import Record, RecordBatch


@dataclass(slots=True)
class _Topic:
    topic_id: str
    config: dict[str, str]
    partitions: list[list[Record]]


@dataclass(slots=True)
class _Group:
    topic: str
    members: list["_Member"] = field(default_factory=list)
    committed: dict[int, Committed] = field(default_factory=dict)


class MemoryLog:
    """All topics and groups; hands out the ports. `away = True` makes every call Transient."""

    def __init__(self) -> None:
        self.topics: dict[str, _Topic] = {}
        self.epochs: dict[str, int] = {}
        self.groups: dict[str, _Group] = {}
        self.away = False

    def answer(self) -> None:
        if self.away:
            raise Transient("the memory log is away")

    def topic(self, name: str) -> _Topic:
        self.answer()
        if name not in self.topics:
            raise Misconfigured(f"the topic {name} does not exist")
        return self.topics[name]

    def delete(self, name: str) -> None:
        del self.topics[name]

    def write(self, message: Message) -> None:
        topic = self.topic(message.topic)
        place = message.partition
        if place is None:
            place = partition_of(message.key or b"", len(topic.partitions))
        rows = topic.partitions[place]
        position = LogPosition(topic.topic_id, message.topic, place, len(rows))
        rows.append(
            Record(position, message.key, message.value, message.headers, int(time.time() * 1000))
        )

    def publisher(self, transactional_id: str, cursor: tuple[str, int]) -> "MemoryPublisher":
        return MemoryPublisher(self, transactional_id, cursor)

    def subscription(self, group: str, topic: str, listener: Listener) -> "MemorySubscription":
        return MemorySubscription(self, group, topic, listener)

    def membership(self, group: str, topic: str, listener: Listener) -> "MemoryMembership":
        return MemoryMembership(self, group, topic, listener)


class MemoryAdmin:
    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def describe(self, names: Sequence[str]) -> dict[str, TopicState]:
        self._log.answer()
        return {
            name: TopicState(name, topic.topic_id, len(topic.partitions), dict(topic.config))
            for name in names
            if (topic := self._log.topics.get(name)) is not None
        }

    def topic_ids(self, names: Sequence[str]) -> dict[str, str]:
        return {name: state.topic_id for name, state in self.describe(names).items()}

    def create(self, spec: TopicSpec) -> None:
        self._log.answer()
        rows: list[list[Record]] = [[] for _ in range(spec.partitions)]
        self._log.topics.setdefault(spec.name, _Topic(str(uuid4()), dict(spec.config), rows))

    def configure(self, name: str, config: Mapping[str, str]) -> None:
        self._log.topic(name).config.update(config)

    def offsets_at(self, topic: str, timestamp_ms: int) -> dict[int, int]:
        return {
            partition: sum(1 for each in rows if each.timestamp_ms < timestamp_ms)
            for partition, rows in enumerate(self._log.topic(topic).partitions)
        }

    def starts(self, topic: str) -> dict[int, int]:
        return dict.fromkeys(range(len(self._log.topic(topic).partitions)), 0)

    def ends(self, topic: str) -> dict[int, int]:
        return {n: len(rows) for n, rows in enumerate(self._log.topic(topic).partitions)}


class MemoryAppender:
    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def append(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._log.topic(message.topic)
        for message in messages:
            self._log.write(message)

    def close(self) -> None:
        """Nothing is held."""


class MemoryPublisher:
    def __init__(self, log: MemoryLog, transactional_id: str, cursor: tuple[str, int]) -> None:
        self._log = log
        self._id = transactional_id
        self._cursor_topic, self._shard = cursor
        self._epoch = 0

    def open(self) -> bytes | None:
        rows = self._log.topic(self._cursor_topic).partitions[self._shard]
        self._epoch = self._log.epochs.get(self._id, 0) + 1
        self._log.epochs[self._id] = self._epoch
        return rows[-1].value if rows else None

    def publish(self, messages: Iterable[Message], cursor: bytes | Callable[[], bytes]) -> None:
        if not self._epoch:
            raise Fatal("a publisher is opened before it publishes")
        self._log.answer()
        if self._log.epochs[self._id] != self._epoch:
            raise Fenced(f"another publisher has opened as {self._id}")
        taken = list(messages)
        end = cursor() if callable(cursor) else cursor
        taken.append(Message(self._cursor_topic, b"cursor", end, partition=self._shard))
        for message in taken:
            self._log.topic(message.topic)
        for message in taken:
            self._log.write(message)

    def check(self) -> None:
        """What was committed lasts."""

    def close(self) -> None:
        self._epoch = 0


class _Member:
    """One member of a group: partitions are shared out anew, sticky, whenever one comes or goes."""

    def __init__(self, log: MemoryLog, group: str, topic: str, listener: Listener) -> None:
        self._log = log
        self._name = topic
        self._listener = listener
        self._group = log.groups.setdefault(group, _Group(topic))
        self._topic_id: str | None = None
        self.positions: dict[int, int] = {}
        self.joined = False

    def serve(self) -> str:
        found = self._log.topics.get(self._name)
        self._log.answer()
        if found is None or self._topic_id not in {None, found.topic_id}:
            raise Fatal(f"the topic {self._name} was deleted, or created again")
        self._topic_id = found.topic_id
        if not self.joined:
            self.joined = True
            self._group.members.append(self)
        self._share(len(found.partitions))
        return found.topic_id

    def _share(self, partitions: int) -> None:
        members = self._group.members
        fair = -(-partitions // len(members))
        for member in members:
            for partition in sorted(member.positions)[fair:]:
                member.release(partition)
        taken = {partition for member in members for partition in member.positions}
        for partition in set(range(partitions)) - taken:
            if len(self.positions) < fair and self._topic_id is not None:
                start = self._listener.assigned(partition, self._topic_id)
                self.positions[partition] = 0 if start == BEGINNING else start

    def committed(self, partition: int) -> Committed | None:
        self._log.answer()
        return self._group.committed.get(partition)

    def commit(self, partition: int, offset: int, note: str) -> None:
        self._log.answer()
        if partition not in self.positions:
            raise Transient(f"{self._name}/{partition} is another member's")
        if len(note.encode()) > NOTE_BYTES:
            raise Fatal("the note is too large")
        self._group.committed[partition] = Committed(offset, note)

    def release(self, partition: int) -> None:
        self._listener.revoked(partition)  # which may still commit what it has done
        del self.positions[partition]

    def leave(self) -> None:
        for partition in list(self.positions):
            self.release(partition)
        if self.joined:
            self._group.members.remove(self)
            self.joined = False


class MemorySubscription:
    def __init__(self, log: MemoryLog, group: str, topic: str, listener: Listener) -> None:
        self._log = log
        self._topic = topic
        self._member = _Member(log, group, topic, listener)

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch | End]:
        del timeout_seconds
        self._member.serve()
        events: list[RecordBatch | End] = []
        for partition, start in self._member.positions.items():
            rows = self._log.topic(self._topic).partitions[partition]
            if start > len(rows):
                raise Fatal(f"{self._topic}/{partition} has no offset {start}: it lost its tail")
            taken = rows[start : start + max_records]
            self._member.positions[partition] = start + len(taken)
            if taken:
                events.append(RecordBatch.of(taken))
            if start + len(taken) == len(rows):
                # as the real client does for a worker that was busy: records and their end at once
                events.append(End(partition, len(rows), int(time.time() * 1000)))
        return events

    def keep_alive(self, seconds: float) -> None:
        """Nobody is given up here."""

    def rewind(self, partition: int, offset: int) -> None:
        self._member.positions[partition] = 0 if offset == BEGINNING else offset

    def committed(self, partition: int) -> Committed | None:
        return self._member.committed(partition)

    def commit(self, partition: int, offset: int, note: str) -> None:
        self._member.commit(partition, offset, note)

    def close(self) -> None:
        self._member.leave()


class MemoryMembership:
    def __init__(self, log: MemoryLog, group: str, topic: str, listener: Listener) -> None:
        self._member = _Member(log, group, topic, listener)

    def poll(self, timeout_seconds: float) -> None:
        del timeout_seconds
        self._member.serve()

    def close(self) -> None:
        self._member.leave()
