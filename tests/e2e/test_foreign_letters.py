"""Dead letters of other programs are listed, grouped and replayed as ours are."""

import json
import struct
from typing import Any

import pytest

from backbone.log import Message
from backbone.record import Header, Record
from backbone.views.layout import partition_keys
from tests.e2e.world import PRICES, World

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis]

CLASS = b"java.lang.IllegalStateException"
STACK = CLASS + b": Ada Lovelace\n\tat com.acme.Prices.put(Prices.java:31)\n"


def _connect(record: Record) -> list[Header]:
    place, errors = record.position, "__connect.errors."
    return [
        (errors + "topic", place.topic.encode()),
        (errors + "partition", b"%d" % place.partition),
        (errors + "offset", b"%d" % place.offset),
        (errors + "connector.name", b"prices-sink"),
        (errors + "stage", b"TASK_PUT"),
        (errors + "exception.class.name", CLASS),
        (errors + "exception.message", b"Ada Lovelace"),
        (errors + "exception.stacktrace", STACK),
    ]


def _spring(record: Record) -> list[Header]:
    place, letters = record.position, "kafka_dlt-"
    return [
        (letters + "original-topic", place.topic.encode()),
        (letters + "original-partition", struct.pack(">i", place.partition)),
        (letters + "original-offset", struct.pack(">q", place.offset)),
        (letters + "original-timestamp", struct.pack(">q", record.timestamp_ms)),
        (letters + "original-timestamp-type", b"LogAppendTime"),
        (letters + "exception-fqcn", b"org.springframework.kafka.KafkaException"),
        (letters + "exception-cause-fqcn", CLASS),
        (letters + "exception-message", b"Ada Lovelace"),
        (letters + "exception-stacktrace", STACK),
    ]


def _streams(record: Record) -> list[Header]:
    place, errors = record.position, "__streams.errors."
    return [
        (errors + "exception", CLASS),
        (errors + "stacktrace", STACK),
        (errors + "message", b"Ada Lovelace"),
        (errors + "topic", place.topic.encode()),
        (errors + "partition", b"%d" % place.partition),
        (errors + "offset", b"%d" % place.offset),
    ]


FAMILIES = {"CONNECT": _connect, "SPRING": _spring, "STREAMS": _streams}


def _rows(world: World, *arguments: str) -> list[dict[str, Any]]:
    done = world.run("dlq", *arguments, "--output", "json")
    assert done.returncode == 0, done.stderr
    assert "Ada" not in done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_letters_of_connect_spring_and_streams_are_listed_and_replayed(world: World) -> None:
    """What they tell of was never applied: somebody has deleted the entries."""
    world.append([world.price(number, code) for number, code in enumerate([*FAMILIES, "kept"])])
    world.start("run", "view", "prices")
    world.wait(lambda: world.caught_up("prices"), "the view is built")
    before = world.served("prices")
    entries = {
        partition_keys(world.view("prices"), each.position.partition).entry(
            (each.key or b"").decode()
        ): each
        for each in world.records(PRICES)
        if each.key != b"kept"
    }
    assert world.redis.delete(*entries) == 3
    world.append(
        [
            Message(
                "dlq.prices",
                each.key,
                each.value,
                [*each.headers, *FAMILIES[(each.key or b"").decode()](each)],
            )
            for each in entries.values()
        ]
    )
    assert {row["key"] for row in _rows(world, "list", "prices")} == set(FAMILIES)
    (cause,) = _rows(world, "causes", "prices")
    assert cause["count"] == 3
    assert "java.lang.IllegalStateException at com.acme.Prices.put(Prices.java:31)" in cause["what"]
    assert _rows(world, "run", "prices")[0]["recovered"] == 3
    assert world.served("prices") == before
