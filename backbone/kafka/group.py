"""Group members on confluent-kafka's Consumer (KIP-848): the assignment, and who is told."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from confluent_kafka import OFFSET_END, Consumer, KafkaException
from confluent_kafka import TopicPartition as KafkaPartition

from backbone.errors import Fatal, Transient
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.errors import making
from backbone.log import BEGINNING, Listener
from backbone.logs import logger

_CLAIM_AGAIN_SECONDS = 0.5
_LEAVE_SECONDS, _LEAVE_POLL_SECONDS = 5.0, 0.02
_WAKE_SECONDS = 0.01  # for the question alone: nobody wants the answer


def member(base: config.Config, group: str) -> Consumer:
    with making("consumer"):
        return Consumer(config.member(base, group))


def leave(consumer: Consumer) -> None:
    """Hand everything over, then close. Not by closing alone: twice a process hung for good while
    `close` told of what the group took back. `incremental_unassign` did not return, and that call
    keeps the interpreter (confluent-kafka 2.16). Why the client did not answer is not known;
    librdkafka's issue 4527 tells of the like, and of this remedy."""
    deadline = time.monotonic() + _LEAVE_SECONDS
    with suppress(KafkaException, RuntimeError):  # who was never in, or was given up, is out
        consumer.unsubscribe()
        consumer.poll(_LEAVE_POLL_SECONDS)
        while consumer.assignment() and time.monotonic() < deadline:
            consumer.poll(_LEAVE_POLL_SECONDS)
    consumer.close()


class Assignment:
    """The partitions of one topic that the group gave to this member.

    A partition is added paused, and read only once the listener has named its start: what the
    listener does for that (claim a view) may have to wait for a service that is away.
    """

    def __init__(self, consumer: Consumer, topic: str, listener: Listener) -> None:
        self._consumer = consumer
        self._topic = topic
        self._listener = listener
        self._waiting: dict[int, float] = {}  # not started yet, with the time of the next try
        self.started: set[int] = set()
        self.dropped: Callable[[int], None] = lambda _: None
        self.reads: Callable[[Sequence[KafkaPartition]], None] = self._resume_at
        self._log = logger(f"group.{topic}")

    def subscribe(self) -> None:
        self._consumer.subscribe(
            [self._topic], on_assign=self._assign, on_revoke=self._revoke, on_lost=self._lose
        )

    def _assign(self, consumer: Consumer, places: list[KafkaPartition]) -> None:
        for place in places:
            place.offset = BEGINNING
        consumer.incremental_assign(places)
        consumer.pause(places)
        self._waiting.update({place.partition: 0.0 for place in places})

    def _revoke(self, consumer: Consumer, places: list[KafkaPartition]) -> None:
        for place in places:
            self._forget(place.partition, self._listener.revoked)
        consumer.incremental_unassign(places)

    def _lose(self, consumer: Consumer, places: list[KafkaPartition]) -> None:
        for place in places:
            self._forget(place.partition, self._listener.lost)
        consumer.incremental_unassign(places)

    def _forget(self, partition: int, tell: Callable[[int], None]) -> None:
        self._waiting.pop(partition, None)
        self.dropped(partition)
        if partition in self.started:
            tell(partition)  # which may still commit what it has done
            self.started.discard(partition)

    def start_waiting(self, topic_id: str, *, read: bool) -> bool:
        """Ask the listener where to start each partition that waits; Fatal passes through. Says
        whether any was started."""
        now, places = time.monotonic(), list[KafkaPartition]()
        for partition in [each for each, due in self._waiting.items() if due <= now]:
            try:
                offset = self._listener.assigned(partition, topic_id)
            except Transient as error:
                self._waiting[partition] = now + _CLAIM_AGAIN_SECONDS
                self._log.warning("waiting", partition=partition, reason=str(error))
                continue
            del self._waiting[partition]
            self.started.add(partition)
            places.append(KafkaPartition(self._topic, partition, offset))
        if read and places:
            self._read_from(places)
        return bool(places)

    def read_from(self, partition: int, start: int) -> None:
        """Deliver from `start` on; what was fetched before is dropped."""
        self._read_from([KafkaPartition(self._topic, partition, start)])

    def _read_from(self, places: Sequence[KafkaPartition]) -> None:
        for place in places:
            self.dropped(place.partition)
        self.reads(places)

    def _resume_at(self, places: Sequence[KafkaPartition]) -> None:
        for place in places:
            try:
                self._consumer.seek(place)
                self._consumer.resume([place])
            except KafkaException as error:
                where = f"{self._topic}/{place.partition} from {place.offset}"
                raise Fatal(f"cannot read {where}: {error}") from error
        self._wake(places)

    def _wake(self, places: Sequence[KafkaPartition]) -> None:
        """Where all is paused the client's thread for the broker sleeps for as long as a second,
        and resuming does not wake it; a question to the broker does (tried: the first record came
        after 1.04 s, and after 0.07 s when asked). All leaders are asked at once."""
        ends = [KafkaPartition(each.topic, each.partition, OFFSET_END) for each in places]
        with suppress(KafkaException):
            self._consumer.offsets_for_times(ends, timeout=_WAKE_SECONDS)

    def pause(self) -> None:
        self._consumer.pause(self._places())

    def resume(self) -> None:
        self._consumer.resume(self._places())

    def _places(self) -> list[KafkaPartition]:
        return [KafkaPartition(self._topic, partition) for partition in sorted(self.started)]


class Identity:
    """The topic's id, asked for again every second: a topic deleted and created again restarts its
    offsets, and going on there would be a silent jump."""

    def __init__(self, admin: KafkaTopicAdmin, topic: str, every_seconds: float = 1.0) -> None:
        self._admin = admin
        self._topic = topic
        self._every_seconds = every_seconds
        self._known: str | None = None
        self._due = 0.0
        self._log = logger(f"group.{topic}")

    def check(self) -> str:
        """The id. Raises Transient before it was ever known, Fatal when it is another one."""
        now = time.monotonic()
        if self._known is not None and now < self._due:
            return self._known
        self._due = now + self._every_seconds
        try:
            found = self._admin.topic_ids([self._topic]).get(self._topic)
        except Transient as error:
            if self._known is None:
                raise
            # the client waits by itself, and says nothing of it
            self._log.warning("waiting", reason=str(error))
            return self._known
        self._compare(found)
        self._known = found
        return self._known or ""

    def confirm(self) -> None:
        """Ask at the next check, whatever the time: something looked wrong."""
        self._due = 0.0

    def _compare(self, found: str | None) -> None:
        if found is None:
            raise Fatal(
                f"the topic {self._topic} does not exist"
                + (" any more: it was deleted under this worker" if self._known else "")
                + ". Run `backbone topics plan` and `backbone topics apply`; if it was deleted, "
                "its sources must be rewound and its views rebuilt (docs/recreated-topic.md)"
            )
        if self._known is not None and found != self._known:
            raise Fatal(
                f"the topic {self._topic} was deleted and created again (its id was {self._known} "
                f"and is {found}): offsets restart there. Rebuild what was made from it: "
                "docs/recreated-topic.md"
            )
