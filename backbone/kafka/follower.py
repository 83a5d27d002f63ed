"""Following partitions of a topic outside any group, on confluent-kafka's Consumer."""

from collections.abc import Sequence
from itertools import groupby
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as KafkaPartition

from backbone.errors import Fatal
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.errors import making, translate
from backbone.kafka.headers import headers_of_all
from backbone.log import BEGINNING
from backbone.logs import logger
from backbone.record import RecordBatch


class KafkaFollower:
    """See `backbone.log.Follower`. Connects once a partition is started."""

    def __init__(
        self, base: config.Config, topic: str, admin: KafkaTopicAdmin | None = None
    ) -> None:
        self._base = base
        self._admin = admin
        self._topic = topic
        self._consumer: Consumer | None = None
        self._next: dict[int, int] = {}
        self._changed = False
        self._topic_id = ""
        self._doing = f"reading {topic} at {config.servers(base)}"
        self._log = logger(f"follower.{topic}")

    def start(self, partition: int, offset: int) -> None:
        self._next[partition] = offset
        self._changed = True

    def stop(self, partition: int) -> None:
        if self._next.pop(partition, None) is not None:
            self._changed = True

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch]:
        if self._changed:
            self._assign()
        if self._consumer is None or not self._next:
            return []
        first = self._consumer.poll(timeout_seconds)
        rest = [] if first is None else self._consumer.consume(max_records - 1, 0)
        rows = [] if first is None else [first, *rest]
        if any(map(Message.error, rows)):
            rows = [each for each in rows if self._is_record(each)]
        if not rows:
            return []
        rows.sort(key=lambda each: each.partition() or 0)  # stable: offsets stay in order
        return [
            self._batch(partition or 0, list(each))
            for partition, each in groupby(rows, Message.partition)
        ]

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()

    def _assign(self) -> None:
        """All anew: a client that was assigned its partitions by hand knows no other way. What was
        fetched is fetched again, so it is done once for all that changed."""
        if self._consumer is None:
            # an offset that expired was tried long ago, or never will be: go on where there is more
            settings = config.reader(self._base, f"follower-{uuid4()}")
            settings |= {"auto.offset.reset": "earliest", "enable.partition.eof": False}
            with making("follower"):
                self._consumer = Consumer(settings)
        places = [
            KafkaPartition(self._topic, each, BEGINNING if offset == 0 else offset)
            for each, offset in self._next.items()
        ]
        try:
            self._consumer.assign(places)
        except KafkaException as error:
            raise translate(error, self._doing) from error
        self._changed = False

    def _batch(self, partition: int, rows: Sequence[Message]) -> RecordBatch:
        batch = RecordBatch(
            topic=self._topic,
            topic_id=self._id(),
            partition=partition,
            offsets=[row.offset() or 0 for row in rows],
            keys=[*map(Message.key, rows)],
            values=[*map(Message.value, rows)],
            headers=headers_of_all(rows),
            timestamps_ms=[row.timestamp()[1] for row in rows],
        )
        self._next[partition] = batch.next_offset
        return batch

    def _id(self) -> str:
        if not self._topic_id:
            admin = self._admin or KafkaTopicAdmin(self._base)
            self._topic_id = admin.topic_ids([self._topic])[self._topic]
        return self._topic_id

    def _is_record(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - its only name
            return False
        translated = translate(error, self._doing)
        if isinstance(translated, Fatal):
            raise translated
        # the client goes on by itself
        self._log.warning("kafka is struggling", reason=str(translated))
        return False
