"""Reading a topic as a member of a group, on confluent-kafka's Consumer."""

import time
from collections.abc import Sequence

from confluent_kafka import KafkaError, Message

from backbone.errors import Fatal, Misconfigured, Transient
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.errors import translate_of_member
from backbone.kafka.group import Assignment, Identity, leave, member
from backbone.kafka.group_offsets import KafkaGroupOffsets
from backbone.kafka.headers import EveryHeader, FewHeaders
from backbone.kafka.taken import Run, Taken
from backbone.log import Committed, End, Listener
from backbone.logs import logger
from backbone.record import RecordBatch

_END_AGAIN_SECONDS = 1.0
_UNASSIGNED_SECONDS = 0.1


class KafkaSubscription:
    """See `backbone.log.Subscription`."""

    def __init__(
        self,
        base: config.Config,
        group: str,
        topic: str,
        listener: Listener,
        headers: type[EveryHeader | FewHeaders] = EveryHeader,
    ) -> None:
        self._headers = headers
        self._consumer = member(base, group)
        self._topic = topic
        self._where = config.servers(base)
        self._admin = KafkaTopicAdmin(base)
        self._identity = Identity(self._admin, topic)
        self._assignment = Assignment(self._consumer, topic, listener)
        self._assignment.dropped = self._drop
        self._offsets = KafkaGroupOffsets(self._consumer, topic, self._assignment.started)
        self._backlog = Taken(headers)
        self._ends: dict[int, int] = {}  # where an end was reached and nothing came since
        self._ends_due = 0.0
        self._log = logger(f"group.{group}")
        self._emptied_ms = self._end_seen_ms = int(time.time() * 1000)
        self._subscribed = False

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch | End]:
        topic_id = self._identity.check()
        if not self._subscribed:
            self._assignment.subscribe()
            self._subscribed = True
        if self._assignment.start_waiting(topic_id, read=True):
            timeout_seconds = 0.0  # who was given a partition may have more to do than to read it
        taken = self._take(max_records, timeout_seconds)
        return self._events(taken, topic_id) + self._ends_again()

    def keep_alive(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        self._assignment.pause()
        while (left := deadline - time.monotonic()) > 0:
            message = self._consumer.poll(min(left, 0.2))
            if message is not None:
                self._backlog.add([message])
        self._assignment.resume()

    def rewind(self, partition: int, offset: int) -> None:
        self._assignment.read_from(partition, offset)

    def committed(self, partition: int) -> Committed | None:
        return self._offsets.committed(partition)

    def commit(self, partition: int, offset: int, note: str) -> None:
        self._offsets.commit(partition, offset, note)

    def close(self) -> None:
        """Leaves the group at once; the listener is told of every partition."""
        leave(self._consumer)

    def _take(self, max_records: int, timeout_seconds: float) -> Taken:
        """The first record as soon as it is there, and with it what was fetched already."""
        # an end met now may have been met by the client at any time since its queue was last empty
        self._end_seen_ms, began_ms = self._emptied_ms, int(time.time() * 1000)
        taken, self._backlog = self._backlog, Taken(self._headers)
        if not self._assignment.started:  # what is given to us is started by the next poll
            timeout_seconds = min(timeout_seconds, _UNASSIGNED_SECONDS)
        first = self._consumer.poll(0 if taken.items else timeout_seconds)
        if first is not None:
            taken.add([first])
        if first is None or self._fetch(taken, max_records):
            self._emptied_ms = began_ms
        return taken

    def _fetch(self, taken: Taken, max_records: int) -> bool:
        """Add what is there without waiting, bounded in bytes and, give or take what is taken at a
        time, in records. Says whether that was all."""
        while taken.count < max_records and (wanted := taken.fitting()):
            some = self._consumer.consume(wanted, 0)
            taken.add(some)
            if len(some) < wanted:
                return True
        # there is more: what came last, of another partition than the first, is the beginning of
        # what comes next. In one batch with it many a key is written once
        self._backlog = taken.hold_back()
        return False

    def _drop(self, partition: int) -> None:
        self._ends.pop(partition, None)
        self._backlog.drop(partition)

    def _events(self, taken: Taken, topic_id: str) -> list[RecordBatch | End]:
        """Records before ends: an end says that everything before it was delivered."""
        runs: dict[int, Run] = {}
        ends: dict[int, End] = {}
        for item in taken.items:
            if isinstance(item, Run):
                self._goes_on(item, runs, ends)
            elif (error := item.error()) is not None:
                self._failed(error, item, ends)
        return [*(each.batch(self._topic, topic_id) for each in runs.values()), *ends.values()]

    def _goes_on(self, run: Run, runs: dict[int, Run], ends: dict[int, End]) -> None:
        """Records came: what was the end of their partition is none any more."""
        if run.partition not in self._assignment.started:
            return
        ends.pop(run.partition, None)
        self._ends.pop(run.partition, None)
        if runs.setdefault(run.partition, run) is not run:
            runs[run.partition].extend(run)

    def _failed(self, error: KafkaError, message: Message, ends: dict[int, End]) -> None:
        partition, offset = message.partition() or 0, message.offset() or 0
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
            if partition in self._assignment.started:
                ends[partition] = End(partition, offset, self._end_seen_ms)
                self._ends[partition] = offset
            return
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
            self._gone(partition, error)
        doing = f"reading {self._topic}/{partition} at {self._where}"
        translated = translate_of_member(error, doing)
        if isinstance(translated, Misconfigured):
            self._identity.confirm()
            self._identity.check()
        if isinstance(translated, Fatal):
            raise translated
        # the client goes on by itself: nothing was lost, and freshness shows what was missed
        self._log.warning("kafka is struggling", reason=str(translated))

    def _gone(self, partition: int, error: KafkaError) -> None:
        self._identity.confirm()
        self._identity.check()
        raise Fatal(
            f"the offset to read next in {self._topic}/{partition} is not there ({error.str()}): "
            "retention deleted it, or the log lost its tail. Going on elsewhere would be a silent "
            "jump: look at `backbone topics plan`, then rebuild the view "
            "(docs/recreated-topic.md)"
        )

    def _ends_again(self) -> list[RecordBatch | End]:
        """An end is told once by the client; asked again it still stands, as long as nothing new
        was committed. That is what makes a quiet view current rather than stale."""
        now = time.monotonic()
        if not self._ends or now < self._ends_due:
            return []
        self._ends_due = now + _END_AGAIN_SECONDS
        seen_ms = int(time.time() * 1000)
        try:
            # not through the consumer: its connection is busy with a long fetch
            found = self._admin.ends(self._topic)
        except Transient:
            return []
        except Misconfigured:
            # the topic is not there: whether it was deleted is the better story
            self._identity.confirm()
            self._identity.check()
            raise
        return [
            End(partition, offset, seen_ms)
            for partition, offset in self._ends.items()
            if found.get(partition) == offset
        ]
