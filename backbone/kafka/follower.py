"""Following partitions of a topic outside any group, on confluent-kafka's Consumer."""

from collections.abc import Sequence
from uuid import uuid4

from confluent_kafka import Consumer, KafkaException, Message
from confluent_kafka import TopicPartition as KafkaPartition

from backbone.errors import Fatal
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.errors import making, translate
from backbone.kafka.taken import Run, Taken
from backbone.logs import logger
from backbone.record import RecordBatch

_EXPIRED = "_AUTO_OFFSET_RESET"  # as librdkafka names it: what was to be read next is gone


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
        self._backlog = Taken()
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
        runs: dict[int, Run] = {}
        for item in self._take(self._consumer, max_records, timeout_seconds).items:
            if not isinstance(item, Run):
                self._told(item)
            elif runs.setdefault(item.partition, item) is not item:
                runs[item.partition].extend(item)
        return [self._batch(runs[partition]) for partition in sorted(runs)]

    def _take(self, consumer: Consumer, max_records: int, timeout_seconds: float) -> Taken:
        """The first record as soon as it is there, and with it what was fetched already."""
        taken, self._backlog = self._backlog, Taken()
        first = consumer.poll(0 if taken.items else timeout_seconds)
        taken.add([] if first is None else [first])
        while first is not None and (wanted := min(taken.fitting(), max_records - taken.count)) > 0:
            some = consumer.consume(wanted, 0)
            taken.add(some)
            if len(some) < wanted:
                return taken
        if first is not None:
            # there is more: the beginning of another partition is worked on with what follows it
            self._backlog = taken.hold_back()
        return taken

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()

    def _assign(self) -> None:
        """All anew: a client that was assigned its partitions by hand knows no other way. What was
        fetched is fetched again, so it is done once for all that changed. Records are only taken
        once the topic's id is known: there is no asking for it later with them in hand."""
        if not self._topic_id:
            admin = self._admin or KafkaTopicAdmin(self._base)
            self._topic_id = admin.topic_id(self._topic)
        if self._consumer is None:
            # an offset that expired was tried long ago, or never will be: go on where there is more
            settings = config.reader(self._base, f"follower-{uuid4()}")
            settings |= {"auto.offset.reset": "earliest", "enable.partition.eof": False}
            with making("follower"):
                self._consumer = Consumer(settings)
        # numbers, and no name of an end, which the client asks for only after half a second
        places = [KafkaPartition(self._topic, each, offset) for each, offset in self._next.items()]
        try:
            self._consumer.assign(places)
        except KafkaException as error:
            raise translate(error, self._doing) from error
        self._backlog = Taken()
        self._changed = False

    def _batch(self, run: Run) -> RecordBatch:
        batch = run.batch(self._topic, self._topic_id)
        self._next[run.partition] = batch.next_offset
        return batch

    def _told(self, message: Message) -> None:
        """The client says something of a partition. Raises Fatal."""
        error = message.error()
        if error is None or error.name() == _EXPIRED:
            return
        translated = translate(error, self._doing)
        if isinstance(translated, Fatal):
            raise translated
        # the client goes on by itself
        self._log.warning("kafka is struggling", reason=str(translated))
