"""The offsets that a group keeps, on confluent-kafka's Consumer."""

from collections.abc import Container

from confluent_kafka import Consumer, KafkaException
from confluent_kafka import TopicPartition as KafkaPartition

from backbone.errors import Fatal, Transient
from backbone.kafka.config import CALL_SECONDS
from backbone.kafka.errors import translate_of_member
from backbone.log import NOTE_BYTES, Committed


class KafkaGroupOffsets:
    """See `backbone.log.GroupOffsets`. The broker refuses members that it has given up, but lets a
    living one commit where it reads no more: `ours` are the partitions it has."""

    def __init__(self, consumer: Consumer, topic: str, ours: Container[int]) -> None:
        self._consumer = consumer
        self._topic = topic
        self._ours = ours

    def committed(self, partition: int) -> Committed | None:
        asked = [KafkaPartition(self._topic, partition)]
        try:
            (found,) = self._consumer.committed(asked, timeout=CALL_SECONDS)
        except KafkaException as error:
            doing = f"asking for the offset of {self._topic}/{partition}"
            raise translate_of_member(error.args[0], doing) from error
        if found.error is not None:
            doing = f"reading the offset of {self._topic}/{partition}"
            raise translate_of_member(found.error, doing)
        if found.offset < 0:
            return None
        return Committed(found.offset, found.metadata or "")

    def commit(self, partition: int, offset: int, note: str) -> None:
        if partition not in self._ours:
            raise Transient(f"{self._topic}/{partition} is another member's by now")
        if len(note.encode()) > NOTE_BYTES:
            raise Fatal(f"a note of {len(note.encode())} bytes is longer than {NOTE_BYTES}")
        place = KafkaPartition(self._topic, partition, offset, note)
        doing = f"committing {offset} of {self._topic}/{partition}"
        try:
            (done,) = self._consumer.commit(offsets=[place], asynchronous=False) or (place,)
        except KafkaException as error:
            # also of a member that the group has given up: the next poll tells it
            raise translate_of_member(error.args[0], doing) from error
        if done.error is not None:
            raise translate_of_member(done.error, doing)
