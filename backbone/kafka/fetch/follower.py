"""Following partitions by whole record batches, outside any group: `backbone.log.Follower`."""

import time
from collections.abc import Sequence

from confluent_kafka import KafkaError

from backbone.errors import Fatal
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.errors import translate
from backbone.kafka.fetch.backlog import Backlog, record_batch
from backbone.kafka.fetch.fetcher import OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC, Fetched, Fetcher
from backbone.kafka.fetch.settings import connection_settings
from backbone.log import BEGINNING
from backbone.logs import logger
from backbone.record import RecordBatch

_ON_ITS_WAY_SECONDS = 0.05


class FetchingFollower:
    """Connects once a partition is started."""

    def __init__(
        self, base: config.Config, topic: str, admin: KafkaTopicAdmin | None = None
    ) -> None:
        self._topic = topic
        self._admin = admin or KafkaTopicAdmin(base)
        self._fetcher = Fetcher(topic, connection_settings(base), self._admin)
        self._backlog = Backlog()
        self._started: set[int] = set()
        self._more: set[int] = set()  # whose end was not met
        self._topic_id = ""
        self._doing = f"reading {topic} at {config.servers(base)}"
        self._log = logger(f"follower.{topic}")

    def start(self, partition: int, offset: int) -> None:
        self._started.add(partition)
        self._more.add(partition)
        self._backlog.drop(partition)
        self._fetcher.start(partition, offset)

    def stop(self, partition: int) -> None:
        self._started.discard(partition)
        self._more.discard(partition)
        self._backlog.drop(partition)
        self._fetcher.stop(partition)

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch]:
        if not self._started:
            return []
        if not self._topic_id:  # there is no asking for it later with records in hand
            self._topic_id = self._admin.topic_id(self._topic)
        # what is known to be there is on its way
        deadline = time.monotonic() + max(timeout_seconds, _ON_ITS_WAY_SECONDS * bool(self._more))
        while not self._backlog:
            left = max(0.0, deadline - time.monotonic())
            for each in self._fetcher.poll(left):
                self._add(each)
            if time.monotonic() >= deadline:
                break
        return [
            record_batch(self._topic, self._topic_id, partition, run)
            for partition, run in sorted(self._backlog.take(max_records).items())
        ]

    def close(self) -> None:
        self._fetcher.close()

    def _add(self, fetched: Fetched) -> None:
        if fetched.error == OFFSET_OUT_OF_RANGE:
            # one that expired was tried long ago, or never will be: go on where there is more
            self._fetcher.start(fetched.partition, BEGINNING)
        elif fetched.error == UNKNOWN_TOPIC:
            self._log.warning("kafka is struggling", reason="the topic is not known to its leader")
        elif fetched.error:
            translated = translate(KafkaError(fetched.error), self._doing)
            if isinstance(translated, Fatal):
                raise translated
            self._log.warning("kafka is struggling", reason=str(translated))
        self._backlog.add(fetched)
        if fetched.ended_ms is None:
            self._more.add(fetched.partition)
        else:
            self._more.discard(fetched.partition)
