"""Bounded reads outside any group: the newest cursor, and whole topics for operators."""

import itertools
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as KafkaPartition

from backbone.errors import Transient
from backbone.fact import LogPosition
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.errors import making, translate
from backbone.kafka.headers import headers_of
from backbone.log import Wanted
from backbone.record import Record

_TAIL = 16  # records: the last one is mostly among them
_PATIENCE_SECONDS = 10.0  # without any record or end: the cluster does not answer


class KafkaReader:
    def __init__(self, base: config.Config) -> None:
        # the group is named because the client demands one; nothing is ever committed to it
        # short fetches: an end is met as soon as it is reached
        settings = config.reader(base, f"reader-{uuid4()}") | {"fetch.wait.max.ms": 20}
        with making("reader"):
            self._consumer = Consumer(settings)
        self._admin = KafkaTopicAdmin(base)
        self._where = config.servers(base)
        self._known: set[str] = set()  # topics whose leaders the client has asked for

    def close(self) -> None:
        self._consumer.close()

    def scan(
        self, topic: str, starts: Mapping[int, int] | None = None, wanted: Wanted | None = None
    ) -> Generator[Record, None, None]:
        ends, lows = self._admin.ends(topic), self._admin.starts(topic)
        topic_id = self._admin.topic_id(topic)
        for partition, end in sorted(ends.items()):
            start = max(lows[partition], (starts or {}).get(partition, 0))
            place = KafkaPartition(topic, partition, start)
            yield from self._range(place, topic_id, end, wanted)

    def newest(self, topic: str, partition: int) -> bytes | None:
        """The value of the partition's last committed record, None where there is none.

        Seeks back from the end, doubling: the tail holds control records of transactions. Ends
        are compared by position, never by the last offset seen.
        """
        low, end = self._admin.starts(topic)[partition], self._admin.ends(topic)[partition]
        step = _TAIL
        while end > low:
            start = max(low, end - step)
            place = KafkaPartition(topic, partition, start)
            values = [record.value for record in self._range(place, "", end)]
            if values:
                return values[-1]
            if start == low:
                return None
            step *= 2
        return None

    def newest_of(self, topic: str, partitions: Sequence[int]) -> Mapping[int, bytes | None]:
        low, end = self._admin.starts(topic), self._admin.ends(topic)
        filled = [each for each in partitions if end[each] > low[each]]
        places = [KafkaPartition(topic, each, max(low[each], end[each] - _TAIL)) for each in filled]
        self.ask_for_leaders(topic)
        self._consumer.assign(places)
        try:
            found = self._last_values(topic, filled)
        finally:
            self._consumer.unassign()
        # where the tail has none: it is control records
        missing = [each for each in filled if each not in found]
        return (
            dict.fromkeys(partitions) | found | {each: self.newest(topic, each) for each in missing}
        )

    def _last_values(self, topic: str, partitions: Sequence[int]) -> dict[int, bytes | None]:
        """Until the end of each."""
        left, found = {*partitions}, dict[int, bytes | None]()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while left:
            messages = self._take()
            if messages:
                deadline = time.monotonic() + _PATIENCE_SECONDS
            elif time.monotonic() > deadline:
                raise Transient(f"Kafka did not answer while reading {topic} at {self._where}")
            ended = {each.partition() for each in messages if self._is_end(each)}
            found |= {
                each.partition() or 0: each.value() for each in messages if each.error() is None
            }
            left -= ended
        return found

    def _range(
        self, place: KafkaPartition, topic_id: str, end: int, wanted: Wanted | None = None
    ) -> Iterator[Record]:
        if place.offset >= end:
            return
        self.ask_for_leaders(place.topic)
        self._consumer.assign([place])
        try:
            yield from (
                _record(message, topic_id)
                for message in self._messages(place, end)
                if (message.offset() or 0) < end and (wanted is None or wanted(message.key()))
            )
        finally:
            self._consumer.unassign()

    def ask_for_leaders(self, topic: str) -> None:
        """Before the first read of a topic, or earlier by whoever wants that to be quick. Unasked,
        the client looks for them when its clock of one second strikes (tried: the first record came
        after 0.85 s, and after 0.06 s when asked)."""
        if topic in self._known:
            return
        try:
            self._consumer.list_topics(topic, timeout=config.CALL_SECONDS)
        except KafkaException as error:
            raise translate(error, f"reading {topic} at {self._where}") from error
        self._known.add(topic)

    def _messages(self, place: KafkaPartition, end: int) -> Iterator[Message]:
        """Until `end` or the end of the partition; by position, for the tail may be control
        records, which are never delivered."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._position(place) < end:
            messages = self._take()
            if messages:
                deadline = time.monotonic() + _PATIENCE_SECONDS
            elif time.monotonic() > deadline:
                raise Transient(
                    f"Kafka did not answer while reading {place.topic} at {self._where}"
                )
            # an end that was met before more was committed has records behind it
            yield from itertools.filterfalse(self._is_end, messages)
            if any(map(self._is_end, messages[-1:])):
                return

    def _take(self) -> list[Message]:
        first = self._consumer.poll(0.2)
        return [] if first is None else [first, *self._consumer.consume(10_000, 0)]

    def _position(self, place: KafkaPartition) -> int:
        found: int = self._consumer.position([place])[0].offset
        return place.offset if found < 0 else found  # -1001: nothing was read yet

    def _is_end(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return False
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
            return True
        place = f"{message.topic()}/{message.partition()}"
        raise translate(error, f"reading {place} at {self._where}")


def _record(message: Message, topic_id: str) -> Record:
    return Record(
        LogPosition(
            topic_id, message.topic() or "", message.partition() or 0, message.offset() or 0
        ),
        message.key(),
        message.value(),
        headers_of(message),
        message.timestamp()[1],
    )
