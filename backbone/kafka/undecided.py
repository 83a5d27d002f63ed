"""A transaction that Kafka calls complete and did not decide.

A transaction is decided by a marker in each of its partitions. Kafka 4.3.0 and 4.3.1 leave out the
markers of partitions whose leader they do not know just then, which is all of them while a cluster
starts, and call the transaction complete (KAFKA-20734; seen in the logs of a broker that was
killed: docs/decisions/0016-undecided-transactions.md). Its records are then decided by the next
marker of their producer, together with what that wrote: published again by a successor that did not
see them, they stood in their topic twice.

So a publisher that has fenced its predecessors looks whether its cursor is decided, and else aborts
what is open: a transaction of its own in every such partition, which it aborts. None of it was
visible, and the cursor that is read next is the one before it.
"""

import threading
import time
from collections.abc import Sequence

from confluent_kafka import Producer

from backbone.errors import Transient
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.logs import logger

_LOOK_AGAIN_SECONDS = 0.02

_log = logger("undecided")


def decide(
    producer: Producer,
    admin: KafkaTopicAdmin,
    cursor: tuple[str, int],
    topics: Sequence[str],
    seconds: float,
) -> None:
    """Abort what was left undecided in this partition of the cursor topic, where nobody else
    writes, and in `topics`. Called once the producer has fenced its predecessors; `seconds` may
    each call to Kafka take.

    Raises KafkaException as the producer does; Transient when it stays undecided.
    """
    topic, partition = cursor
    if partition not in admin.undecided(topic):
        return
    # those of other producers that are open there now have markers of their own
    found = {(each, place) for each in topics for place in admin.undecided(each)} | {cursor}
    _log.warning("aborting what Kafka left undecided", cursor=f"{topic}/{partition}")
    producer.begin_transaction()
    for each, place in sorted(found):
        producer.produce(each, None, f"{topic}/{partition}".encode(), place)
    producer.flush(seconds)
    producer.abort_transaction(seconds)
    deadline = time.monotonic() + seconds
    while partition in admin.undecided(topic):  # markers are written behind the answer
        if time.monotonic() > deadline:
            raise Transient(
                f"a transaction in {topic}/{partition} stays neither committed nor aborted: "
                "find it by `kafka-transactions.sh find-hanging`, and abort it"
            )
        threading.Event().wait(_LOOK_AGAIN_SECONDS)
