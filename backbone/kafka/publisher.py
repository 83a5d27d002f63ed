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
from backbone.kafka.undecided import abort_undecided, stays_undecided
from backbone.log import Message

_CALL_SECONDS = 10.0
_ABORT_SECONDS = 5.0  # less than one transaction may take, and than opening leaves its group
_MARKERS_SECONDS = 1.0  # a broker that is back writes those of before within them
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
    """What the client tells of its connections, whenever it is asked for callbacks: that it lost
    one, or could not make one."""

    def __init__(self) -> None:
        self.lost = False

    def on_error(self, _: KafkaError) -> None:
        self.lost = True


class KafkaPublisher:
    """See `backbone.log.Publisher`. The cursor of shard n is partition n of the cursor topic;
    `others` are the other topics that it publishes to."""

    def __init__(
        self,
        base: config.Config,
        transactional_id: str,
        cursor: tuple[str, int],
        others: Sequence[str],
    ) -> None:
        self._base = base
        self._config = config.transactional(base, transactional_id)
        self._cursor_topic, self._shard = self._cursor = cursor
        self._others = others
        self._admin = KafkaTopicAdmin(base)
        self._doing = f"publishing as {transactional_id} at {config.servers(base)}"
        self._producer: Producer | None = None
        self._connection = _Connection()

    def open(self) -> bytes | None:
        self.close()
        self._connection = _Connection()
        self._producer = _producer({**self._config, "error_cb": self._connection.on_error})
        try:
            self._producer.init_transactions(_CALL_SECONDS)
            self._abort_undecided(self._producer)
        except KafkaException as error:
            self.close()
            raise translate(error, self._doing) from error
        except BackboneError:
            self.close()
            raise
        reader = KafkaReader(self._base)
        try:
            return reader.newest(self._cursor_topic, self._shard)
        finally:
            reader.close()

    def _abort_undecided(self, producer: Producer) -> None:
        producer.poll(0)
        self._connection.lost = False  # it is there now
        abort_undecided(producer, self._admin, self._cursor, self._others, _ABORT_SECONDS)

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

    def check(self) -> None:
        """A broker that comes back may have left undecided what it had called committed: looked for
        whenever one was away (docs/decisions/0016)."""
        if self._producer is not None:
            self._producer.poll(0)
        if not self._connection.lost:
            return
        if stays_undecided(self._admin, self._cursor, _MARKERS_SECONDS):
            raise Transient(f"Kafka was away and left a transaction undecided while {self._doing}")
        self._connection.lost = False

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
    """See `backbone.log.Appender`. May be called from several threads."""

    def __init__(self, base: config.Config) -> None:
        self._config = config.producer(base)
        self._producer = _producer(self._config)

    def append(self, messages: Sequence[Message]) -> None:
        topics = ", ".join(sorted({message.topic for message in messages}))
        where = config.servers(self._config)
        doing = f"appending {len(messages)} records to {topics} at {where}"
        # one producer to the end: another thread may have found it broken, and put a new one there
        deliveries, producer = _Deliveries(), self._producer
        try:
            _produce(producer, messages, deliveries)
        except KafkaException as error:
            raise translate(error, doing) from error
        left = producer.flush(_CALL_SECONDS)
        if deliveries.failure is None and not left:
            return
        # after a failure an idempotent producer may be unusable: the next try has a new one
        producer.purge()
        if self._producer is producer:
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
