"""A transaction that Kafka calls complete and did not decide.

A transaction is decided by a marker in each of its partitions. Kafka 4.3.0 and 4.3.1 leave out the
markers of partitions whose leader they do not know just then, which is all of them while a cluster
starts or takes back a broker that stalled, and call the transaction complete (KAFKA-20734; seen in
the logs of such brokers: docs/decisions/0016-undecided-transactions.md and 0018). Its records are
then decided by the next marker of their producer, together with what that wrote: published again by
a successor that did not see them, they stood in their topic twice.

So a publisher that has fenced its predecessors looks whether its cursor is decided, and else aborts
what is open: a transaction of its own in every such partition, which it aborts. None of it was
visible, and the cursor that is read next is the one before it.
"""

import threading
import time
from collections.abc import Collection, Sequence

from confluent_kafka import KafkaError, Message, Producer

from backbone.errors import Transient
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.logs import logger

_LOOK_AGAIN_SECONDS = 0.02

_log = logger("undecided")

Place = tuple[str, int]
"""A topic and a partition of it."""


def is_undecided(admin: KafkaTopicAdmin, cursor: Place) -> bool:
    """Whether something stands there that is neither committed nor aborted. Nobody but its one
    publisher writes there, so between two of its transactions nothing should."""
    topic, partition = cursor
    return partition in admin.undecided(topic)


def stays_undecided(admin: KafkaTopicAdmin, cursor: Place, seconds: float) -> bool:
    """Whether it is so for as long: markers are written behind the answer to a commit, and later
    where a partition has no leader for a moment."""
    until = time.monotonic() + seconds
    while is_undecided(admin, cursor):
        if not _left(until):
            return True
        threading.Event().wait(_LOOK_AGAIN_SECONDS)
    return False


def abort_undecided(
    producer: Producer,
    admin: KafkaTopicAdmin,
    cursor: Place,
    others: Sequence[str],
    seconds: float,
) -> None:
    """Abort what was left undecided in the cursor's partition and in the `others`, the topics that
    its publisher writes to besides. Called once the producer has fenced its predecessors; takes
    `seconds` and one call of the admin at most.

    Raises KafkaException as the producer does, and Transient: then close the producer, open another
    one and call this again.
    """
    if not is_undecided(admin, cursor):
        return
    until = time.monotonic() + seconds
    # those of other producers that are open there now have markers of their own
    found = {(topic, partition) for topic in others for partition in admin.undecided(topic)}
    _log.warning("aborting what Kafka left undecided", cursor=_named(cursor))
    producer.begin_transaction()
    # the cursor last: as long as it is undecided this is done again
    _write(producer, sorted(found), cursor, until)
    _write(producer, [cursor], cursor, until)
    producer.abort_transaction(_left(until))
    if stays_undecided(admin, cursor, _left(until)):
        raise Transient(
            f"a transaction in {_named(cursor)} stays neither committed nor aborted: find it by "
            "`kafka-transactions.sh find-hanging`, and abort it"
        )


def _write(producer: Producer, places: Collection[Place], cursor: Place, until: float) -> None:
    """A record into each, acknowledged: a partition that it never reached gets no marker."""
    failed: list[KafkaError] = []

    def report(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(error)

    for topic, partition in places:
        producer.produce(topic, None, _named(cursor).encode(), partition, report)
    if producer.flush(_left(until)) or failed:
        raise Transient(
            f"Kafka did not take in time what is to abort an undecided transaction in "
            f"{_named(cursor)} ({failed[0].name() if failed else 'no answer'})"
        )


def _left(until: float) -> float:
    return max(0.0, until - time.monotonic())


def _named(place: Place) -> str:
    return f"{place[0]}/{place[1]}"
