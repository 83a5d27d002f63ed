"""A member of a group that reads by whole record batches: `backbone.log.KeepingSubscription`.

confluent-kafka keeps the membership, the assignment and the offsets, with every partition paused;
the records come from a `Fetcher`.
"""

import time
from collections.abc import Sequence

from confluent_kafka import KafkaError, Message
from confluent_kafka import TopicPartition as KafkaPartition

from backbone.errors import Fatal, Misconfigured
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.errors import translate_of_member
from backbone.kafka.fetch.backlog import Backlog, record_batch
from backbone.kafka.fetch.fetcher import OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC, Fetched, Fetcher
from backbone.kafka.fetch.settings import connection_settings
from backbone.kafka.group import Assignment, Identity, leave, member
from backbone.kafka.group_offsets import KafkaGroupOffsets
from backbone.log import Committed, End, Listener
from backbone.logs import logger
from backbone.record import RecordBatch

_END_AGAIN_SECONDS = 1.0
_GROUP_SECONDS = 0.05  # how long the group may wait to be listened to while nothing comes


class FetchingSubscription:
    """Made by `backbone/kafka/fetch/chosen.py`. Raises Misconfigured for settings that are none."""

    def __init__(self, base: config.Config, group: str, topic: str, listener: Listener) -> None:
        self._consumer = member(base, group)
        self._topic = topic
        self._where = config.servers(base)
        admin = KafkaTopicAdmin(base)
        self._identity = Identity(admin, topic)
        self._fetcher = Fetcher(topic, connection_settings(base), admin)
        self._assignment = Assignment(self._consumer, topic, listener)
        self._assignment.dropped = self._drop
        self._assignment.reads = self._read_from
        self._offsets = KafkaGroupOffsets(self._consumer, topic, self._assignment.started)
        self._backlog = Backlog()
        self._ends: dict[int, End] = {}  # met, and not told
        self._told_ends: dict[int, tuple[int, float]] = {}  # offset, and when it is told again
        self._log = logger(f"group.{group}")
        self._subscribed = False

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch | End]:
        topic_id = self._identity.check()
        if not self._subscribed:
            self._assignment.subscribe()
            self._subscribed = True
        deadline = time.monotonic() + timeout_seconds
        while True:
            self._listen_to_the_group(deadline)
            if self._assignment.start_waiting(topic_id, read=True):
                deadline = 0.0  # who was given a partition may have more to do than to read it
            events = self._taken(topic_id, max_records, deadline)
            if events or time.monotonic() >= deadline:
                return events

    def keep_alive(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._told(self._consumer.poll(min(left, 0.2)))

    def rewind(self, partition: int, offset: int) -> None:
        self._assignment.read_from(partition, offset)

    def committed(self, partition: int) -> Committed | None:
        return self._offsets.committed(partition)

    def commit(self, partition: int, offset: int, note: str) -> None:
        self._offsets.commit(partition, offset, note)

    def close(self) -> None:
        """Leaves the group at once; the listener is told of every partition."""
        try:
            leave(self._consumer)
        finally:
            self._fetcher.close()

    # the group

    def _listen_to_the_group(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        waits = 0.0 if self._assignment.started else max(0.0, min(left, _GROUP_SECONDS))
        self._told(self._consumer.poll(waits))

    def _told(self, message: Message | None) -> None:
        error = None if message is None else message.error()
        if error is not None:
            self._failed(error, "as a member of the group")

    def _failed(self, error: KafkaError, where: str) -> None:
        translated = translate_of_member(error, f"reading {where} at {self._where}")
        if isinstance(translated, Misconfigured):
            self._confirm()
        if isinstance(translated, Fatal):
            raise translated
        self._log.warning("kafka is struggling", reason=str(translated))

    def _confirm(self) -> None:
        """Whether the topic was deleted is the better story."""
        self._identity.confirm()
        self._identity.check()

    def _read_from(self, places: Sequence[KafkaPartition]) -> None:
        for place in places:
            self._fetcher.start(place.partition, place.offset)

    def _drop(self, partition: int) -> None:
        self._fetcher.stop(partition)
        self._backlog.drop(partition)
        self._ends.pop(partition, None)
        self._told_ends.pop(partition, None)

    # the records

    def _taken(
        self, topic_id: str, max_records: int, deadline: float
    ) -> Sequence[RecordBatch | End]:
        if not self._backlog and self._assignment.started:
            left = max(0.0, min(deadline - time.monotonic(), _GROUP_SECONDS))
            for each in self._fetched(left):
                self._add(each)
        batches = [
            record_batch(self._topic, topic_id, partition, run)
            for partition, run in self._backlog.take(max_records).items()
        ]
        return [*batches, *self._due_ends()]

    def _fetched(self, seconds: float) -> Sequence[Fetched]:
        try:
            return self._fetcher.poll(seconds)
        except Misconfigured:
            self._confirm()
            raise

    def _add(self, fetched: Fetched) -> None:
        if fetched.error:
            self._refused(fetched)
        self._backlog.add(fetched)
        self._ends.pop(fetched.partition, None)
        if fetched.ended_ms is not None:
            self._ends[fetched.partition] = End(
                fetched.partition, fetched.next_offset, fetched.ended_ms
            )

    def _due_ends(self) -> list[End]:
        """Behind the records before them; where nothing came since the last one, now and then."""
        now, found = time.monotonic(), list[End]()
        for partition in [*self._ends]:
            if partition in self._backlog:
                continue
            end = self._ends.pop(partition)
            offset, again_at = self._told_ends.get(partition, (-1, 0.0))
            if end.offset != offset or now >= again_at:
                self._told_ends[partition] = (end.offset, now + _END_AGAIN_SECONDS)
                found.append(end)
        return found

    def _refused(self, fetched: Fetched) -> None:
        place = f"{self._topic}/{fetched.partition}"
        if fetched.error == UNKNOWN_TOPIC:  # of a leader that has not heard of it yet, or has
            self._identity.confirm()
            self._log.warning("kafka is struggling", reason=f"{place} is not known to its leader")
            return
        if fetched.error == OFFSET_OUT_OF_RANGE:
            self._confirm()
            raise Fatal(
                f"the offset {fetched.next_offset}, to be read next in {place}, is not there: "
                "retention deleted it, or the log lost its tail. Going on elsewhere would be a "
                "silent jump: look at `backbone topics plan`, then start anew "
                "(docs/recreated-topic.md)"
            )
        self._failed(KafkaError(fetched.error), place)
