"""Transactions of one source shard, and plain appends, on confluent-kafka's Producer."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from backbone.errors import BackboneError, Fatal, Transient
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.errors import making, translate
from backbone.kafka.reader import KafkaReader
from backbone.kafka.undecided import decide
from backbone.log import Message

_CALL_SECONDS = 10.0
_BY_KEY = -1  # RD_KAFKA_PARTITION_UA: the partitioner decides


def _producer(settings: config.Config) -> Producer:
    with making("producer"):
        return Producer(settings)


class _Deliveries:
    """Delivery reports of one batch: the first failure is kept, the others have its cause."""

    def __init__(self) -> None:
        self.failure: KafkaError | None = None

    def report(self, error: KafkaError | None, _: KafkaMessage) -> None:
        if error is not None and self.failure is None:
            self.failure = error


class _Connection:
    """What the client tells of its connections, whenever it is asked for callbacks."""

    def __init__(self) -> None:
        self.lost = False

    def told(self, _: KafkaError) -> None:
        self.lost = True


class KafkaPublisher:
    """See `backbone.log.Publisher`. The cursor of shard n is partition n of the cursor topic;
    `topics` are the others that it publishes to."""

    def __init__(
        self,
        base: config.Config,
        transactional_id: str,
        cursor: tuple[str, int],
        topics: Sequence[str],
    ) -> None:
        self._base = base
        self._config = config.transactional(base, transactional_id)
        self._cursor_topic, self._shard = self._cursor = cursor
        self._topics = topics
        self._doing = f"publishing as {transactional_id} at {config.servers(base)}"
        self._producer: Producer | None = None
        self._connection = _Connection()

    def open(self) -> bytes | None:
        self.close()
        self._connection = _Connection()
        self._producer = _producer({**self._config, "error_cb": self._connection.told})
        try:
            self._producer.init_transactions(_CALL_SECONDS)
            self._producer.poll(0)
            self._connection.lost = False  # it is there now
            admin = KafkaTopicAdmin(self._base)
            decide(self._producer, admin, self._cursor, self._topics, _CALL_SECONDS)
        except KafkaException as error:
            self.close()
            raise translate(error, self._doing) from error
        reader = KafkaReader(self._base)
        try:
            return reader.newest(self._cursor_topic, self._shard)
        finally:
            reader.close()

    def publish(self, messages: Iterable[Message], cursor: bytes | Callable[[], bytes]) -> None:
        producer = self._producer
        if producer is None:
            raise Fatal("a publisher is opened before it publishes")
        self.check()
        key = f"{self._cursor_topic}/{self._shard}".encode()
        deliveries = _Deliveries()
        try:
            producer.begin_transaction()
            _produce(producer, messages, deliveries)
            end = cursor() if callable(cursor) else cursor
            position = Message(self._cursor_topic, key, end, partition=self._shard)
            _produce(producer, [position], deliveries)
            producer.commit_transaction(_CALL_SECONDS)
        except KafkaException as error:
            raise self._outcome(error, deliveries) from error
        self.check()

    def check(self) -> None:
        """A broker that comes back may have left undecided what it had called committed, so after
        every one that was away `open` looks for that: docs/decisions/0016."""
        if self._producer is not None:
            self._producer.poll(0)
        if self._connection.lost:
            raise Transient(f"Kafka was away for a moment while {self._doing}: looking again")

    def _outcome(self, error: KafkaException, deliveries: _Deliveries) -> BackboneError:
        """The commit's own error says that it failed; a delivery's error says why."""
        translated = translate(error, self._doing)
        if isinstance(translated, Transient) and deliveries.failure is not None:
            return translate(deliveries.failure, self._doing)
        return translated

    def close(self) -> None:
        """What is open is aborted by the next `open` of this shard at the latest."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            producer.abort_transaction(1.0)
        except KafkaException:
            producer.purge()


class KafkaAppender:
    def __init__(self, base: config.Config) -> None:
        self._config = config.producer(base)
        self._producer = _producer(self._config)

    def append(self, messages: Sequence[Message]) -> None:
        topics = ", ".join(sorted({message.topic for message in messages}))
        where = config.servers(self._config)
        doing = f"appending {len(messages)} records to {topics} at {where}"
        deliveries = _Deliveries()
        try:
            _produce(self._producer, messages, deliveries)
        except KafkaException as error:
            raise translate(error, doing) from error
        left = self._producer.flush(_CALL_SECONDS)
        if deliveries.failure is None and not left:
            return
        # after a failure an idempotent producer may be unusable: the next try has a new one
        self._producer.purge()
        self._producer = _producer(self._config)
        if deliveries.failure is not None:
            raise translate(deliveries.failure, doing)
        raise Transient(f"Kafka did not acknowledge in time while {doing}")

    def close(self) -> None:
        self._producer.flush(_CALL_SECONDS)


def _produce(producer: Producer, messages: Iterable[Message], deliveries: _Deliveries) -> None:
    """Into the client's queue; when that is full, wait until some of it went out."""
    produce: Any = producer.produce
    report = deliveries.report
    for topic, key, value, given, partition in messages:
        place = _BY_KEY if partition is None else partition
        what = (topic, value, key, place, report)
        headers = given if type(given) is list else list(given)
        try:
            produce(*what, headers=headers)
        except BufferError:
            _insist(producer, partial(produce, *what, headers=headers))


def _insist(producer: Producer, produce: Callable[[], None]) -> None:
    while True:
        producer.poll(0.1)
        with suppress(BufferError):
            produce()
            return
