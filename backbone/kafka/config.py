"""Settings of every Kafka client of ours, each with its reason (librdkafka CONFIGURATION.md).

Time-outs are ordered, from the inside out, so that whoever waits longer always learns the outcome
of whoever waits shorter; the order is checked at start.
"""

import logging
from collections.abc import Mapping
from typing import Any

from backbone.errors import Misconfigured
from backbone.timeouts import (
    MAX_POLL_INTERVAL_MS,
    MESSAGE_TIMEOUT_MS,
    ORDER,
    TRANSACTION_TIMEOUT_MS,
    check_order,
)

CALL_SECONDS = 5.0  # of one administrative call

Config = dict[str, Any]

_QUIET = logging.getLogger("backbone.kafka.client")
_QUIET.propagate = False
_QUIET.addHandler(logging.NullHandler())


PROMISED = frozenset(
    {
        *("bootstrap.servers", "client.id", "allow.auto.create.topics", "enable.idempotence"),
        "delivery.report.only.error",
        *("partitioner", "message.timeout.ms", "transactional.id", "transaction.timeout.ms"),
        "log.connection.close",
        *("group.id", "group.protocol", "group.remote.assignor", "max.poll.interval.ms"),
        *("enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset"),
        *("isolation.level", "enable.partition.eof"),
    }
)
"""What our promises rest on: not to be set from outside. Everything else is a default."""


def common(bootstrap: str, extra: Mapping[str, str], client_id: str) -> Config:
    """What every client starts from; `extra` are the operator's own settings.

    Raises Misconfigured when one of them is not the operator's to set.
    """
    taken = sorted(PROMISED & extra.keys())
    if taken:
        raise Misconfigured(
            f"BACKBONE_KAFKA_CONFIG sets {', '.join(taken)}: what the backbone promises rests on "
            "our values; remove them"
        )
    return {
        # a broker that was away is tried again soon: a takeover must fit into seconds
        "reconnect.backoff.max.ms": 1_000,
        **extra,
        "bootstrap.servers": bootstrap,
        "client.id": client_id,
        "allow.auto.create.topics": False,
        # librdkafka's own lines are unstructured; what matters comes back as an error
        "logger": _QUIET,
    }


def servers(base: Config) -> str:
    """Where the cluster is, for messages."""
    return str(base["bootstrap.servers"])


def admin(base: Config) -> Config:
    # a broker that was away leads in a new epoch: asked for offsets in the remembered one it
    # refuses for as long as that is remembered, a quarter of an hour by default
    return {**base, "metadata.max.age.ms": 1_000}


def producer(base: Config) -> Config:
    return {
        "compression.type": "lz4",
        "linger.ms": 5,
        # a topic that is missing is told as such, well before its messages would time out
        "topic.metadata.propagation.max.ms": 2_000,
        # dead-letter topics take larger records than facts; each topic has its own limit
        "message.max.bytes": 16 * 1024 * 1024,
        **base,
        "enable.idempotence": True,
        # nobody asks about a record that was delivered, and telling took a tenth of producing
        "delivery.report.only.error": True,
        # Java's partitioner, else co-partitioning with everybody else breaks
        "partitioner": "murmur2_random",
        "message.timeout.ms": MESSAGE_TIMEOUT_MS,
    }


def transactional(base: Config, transactional_id: str) -> Config:
    check_order(ORDER)
    return {
        **producer(base),
        "transactional.id": transactional_id,
        "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
        # a publisher is told of every connection that it loses: it looks what became of its last
        "log.connection.close": True,
    }


def member(base: Config, group: str) -> Config:
    """A consumer in a group (KIP-848: session and heartbeat intervals are the broker's)."""
    return {
        **reader(base, group),
        "group.protocol": "consumer",
        # sticky: the range assignor took the only partition from a healthy owner
        "group.remote.assignor": "uniform",
        "max.poll.interval.ms": MAX_POLL_INTERVAL_MS,
    }


def reader(base: Config, group: str) -> Config:
    """A consumer that is told where to read. The group id is demanded, and never committed to."""
    return {
        # at its default of 1,000 ms consuming runs at a fifth of its speed
        "fetch.queue.backoff.ms": 5,
        # how long a paused or quiet partition may hold up what is resumed or new
        "fetch.wait.max.ms": 100,
        # both bound the memory of one worker, for small messages take several times their bytes:
        # by default the client fetches on until it has 100,000 of each partition
        "queued.min.messages": 25_000,
        "queued.max.messages.kbytes": 8_192,
        "fetch.message.max.bytes": 2304 * 1024,
        **base,
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # never a silent jump: an offset that is gone is an error
        "auto.offset.reset": "error",
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
    }
