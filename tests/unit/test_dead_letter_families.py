"""Dead letters of other writers, with headers byte for byte as those write them."""

import struct

import pytest

from backbone.dead_letter_reading import DeadLetter
from backbone.fact import LogPosition
from backbone.record import Header, Record

JAVA = (
    b"org.apache.kafka.connect.errors.DataException: bad\n"
    b"\tat org.apache.kafka.connect.Outer.run(Outer.java:7)\n"
    b'Caused by: java.lang.NumberFormatException: For input string: "Ada"\n'
    b"\tat java.base/java.lang.Integer.parseInt(Integer.java:668)\n"
    b"\tat com.acme.Prices.put(Prices.java:31)\n"
)
CONNECT: list[Header] = [
    ("__connect.errors.topic", b"pricing.price.v1"),
    ("__connect.errors.partition", b"3"),
    ("__connect.errors.offset", b"4711"),
    ("__connect.errors.connector.name", b"prices-sink"),
    ("__connect.errors.task.id", b"0"),
    ("__connect.errors.stage", b"TASK_PUT"),
    ("__connect.errors.class.name", b"org.apache.kafka.connect.sink.SinkTask"),
    ("__connect.errors.exception.class.name", b"org.apache.kafka.connect.errors.DataException"),
    ("__connect.errors.exception.message", b"cannot read Ada Lovelace"),
    ("__connect.errors.exception.stacktrace", JAVA),
]
# as DeadLetterPublishingRecoverer writes an int and a long
SPRING: list[Header] = [
    ("kafka_dlt-original-topic", b"pricing.price.v1"),
    ("kafka_dlt-original-partition", struct.pack(">i", 3)),
    ("kafka_dlt-original-offset", struct.pack(">q", 4711)),
    ("kafka_dlt-original-timestamp", struct.pack(">q", 1_700_000_000_000)),
    ("kafka_dlt-original-timestamp-type", b"CreateTime"),
    ("kafka_dlt-original-consumer-group", b"prices"),
    (
        "kafka_dlt-exception-fqcn",
        b"org.springframework.kafka.listener.ListenerExecutionFailedException",
    ),
    ("kafka_dlt-exception-cause-fqcn", b"java.lang.NumberFormatException"),
    ("kafka_dlt-exception-message", b"Listener failed; cannot read Ada Lovelace"),
    ("kafka_dlt-exception-stacktrace", JAVA),
]
STREAMS: list[Header] = [
    ("__streams.errors.exception", b"java.lang.NumberFormatException"),
    ("__streams.errors.stacktrace", JAVA),
    ("__streams.errors.message", b"cannot read Ada Lovelace"),
    ("__streams.errors.topic", b"pricing.price.v1"),
    ("__streams.errors.partition", b"3"),
    ("__streams.errors.offset", b"4711"),
]
SHARE_GROUP: list[Header] = [
    ("__dlq.errors.topic", b"pricing.price.v1"),
    ("__dlq.errors.partition", b"3"),
    ("__dlq.errors.offset", b"4711"),
    ("__dlq.errors.group", b"prices"),
    ("__dlq.errors.message", b"cannot read Ada Lovelace"),
    ("__dlq.errors.delivery.count", b"5"),
]


def letter(*headers: Header) -> DeadLetter:
    position = LogPosition("id", "dlq.prices", 0, 17)
    return DeadLetter.of(Record(position, b"22423", b"\0\0\0\0\7x", headers, 1_700_000_001_000))


@pytest.mark.parametrize(
    "headers",
    [CONNECT, SPRING, STREAMS, SHARE_GROUP],
    ids=["connect", "spring", "streams", "share"],
)
def test_where_it_stood_is_read_in_every_family(headers: list[Header]) -> None:
    found = letter(*headers)

    assert found.origin == LogPosition("", "pricing.price.v1", 3, 4711)
    assert found.code == "unknown"


@pytest.mark.parametrize(
    "headers", [CONNECT, SPRING, STREAMS], ids=["connect", "spring", "streams"]
)
def test_the_cause_is_the_exception_and_its_innermost_frame(headers: list[Header]) -> None:
    assert letter(*headers).cause.detail.endswith(
        "Exception at java.base/java.lang.Integer.parseInt(Integer.java:668)"
    )


@pytest.mark.parametrize(
    "headers",
    [CONNECT, SPRING, STREAMS, SHARE_GROUP],
    ids=["connect", "spring", "streams", "share"],
)
def test_what_another_writer_says_of_the_payload_is_not_shown(headers: list[Header]) -> None:
    found = letter(*headers)

    assert "Ada" not in found.message + found.cause.detail


def test_of_spring_the_cause_counts_and_not_the_container_around_it() -> None:
    assert letter(*SPRING).cause.detail.startswith("java.lang.NumberFormatException at ")


def test_spring_tells_when_the_record_was_published() -> None:
    assert letter(*SPRING).published_ms == 1_700_000_000_000
    assert letter(*STREAMS).published_ms == 1_700_000_001_000


def test_a_number_of_another_length_is_no_number() -> None:
    cut = [(name, (value or b"")[:3] if "offset" in name else value) for name, value in SPRING]

    assert letter(*cut).origin is None


def test_without_a_stack_the_message_tells_causes_apart_but_its_figures_do_not() -> None:
    def caused(message: bytes) -> str:
        return letter(("__dlq.errors.message", message)).fingerprint

    assert caused(b"row 17 is late") == caused(b"row 18 is late")
    assert caused(b"row 17 is late") != caused(b"row 17 is early")


def test_a_python_traceback_names_its_last_line() -> None:
    stack = b'Traceback:\n  File "a.py", line 3, in run\n  File "b.py", line 9, in put\nValueError'
    headers: list[Header] = [
        ("__connect.errors.exception.class.name", b"ValueError"),
        ("__connect.errors.exception.stacktrace", stack),
    ]

    assert letter(*headers).cause.detail == "ValueError at b.py:9 put"
