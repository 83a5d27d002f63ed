"""Dead letters: what could not be handled, byte for byte, with the reason in its headers.

Written in Kafka Connect's family as text (DeadLetterQueueReporter.java), widely displayed, plus
`dlq.*` of our own. One topic per processor or source: `dlq.<name>`.
"""

from collections.abc import Sequence
from datetime import datetime

from backbone.dead_letter_causes import Cause
from backbone.errors import Poison
from backbone.instants import rfc3339
from backbone.log import Message
from backbone.record import Header, Headers, Record, last_header
from backbone.source import Reject

CONNECT = "__connect.errors."
TOPIC = CONNECT + "topic"
PARTITION = CONNECT + "partition"
OFFSET = CONNECT + "offset"
NAME = CONNECT + "connector.name"
STAGE = CONNECT + "stage"
EXCEPTION_CLASS = CONNECT + "exception.class.name"
EXCEPTION_MESSAGE = CONNECT + "exception.message"

ERROR_CODE = "dlq.error.code"
CAUSE = "dlq.cause.fingerprint"
FAILED_AT = "dlq.failed-at"
FIRST_FAILED_AT = "dlq.first-failed-at"
ORIGINAL_TIMESTAMP = "dlq.original-timestamp"
TOPIC_ID = "dlq.original-topic-id"
SOURCE_POSITION = "dlq.source.position"
SOURCE_COLUMNS = "dlq.source.columns"
SOURCE_ROW = "dlq.source.row"
FACT_TYPE = "dlq.fact-type"
TRUNCATED = "dlq.truncated-from-bytes"

MAX_MESSAGE_BYTES = 1024  # of the error text; a violation list can be long
MAX_VALUE_BYTES = 8 * 1024 * 1024  # of an input: beyond that its head is kept and its size told
TOPIC_MAX_BYTES = 10 * 1024 * 1024  # what a dead-letter topic takes: the value and its headers


def topic_of(name: str) -> str:
    return f"dlq.{name}"


def from_reject(source: str, reject: Reject, failed_at: datetime) -> Message:
    """The dead letter of a source's input. There is no log position: the source position tells."""
    headers = [
        (SOURCE_POSITION, reject.origin.position.encode()),
        *_reason(source, "VALUE_CONVERTER", reject.poison, failed_at),
        (CAUSE, Cause.of(reject.poison, reject.fact_type, None).fingerprint.encode()),
        *reject.marks,
    ]
    if reject.origin.columns:
        headers.append((SOURCE_COLUMNS, ",".join(reject.origin.columns).encode()))
    if reject.origin.row is not None:
        headers.append((SOURCE_ROW, reject.origin.row))
    if reject.fact_type is not None:
        headers.append((FACT_TYPE, reject.fact_type.encode()))
    value = reject.origin.value
    if len(value) > MAX_VALUE_BYTES:
        headers.append((TRUNCATED, str(len(value)).encode()))
        value = value[:MAX_VALUE_BYTES]
    return Message(topic_of(source), reject.origin.key, value, headers)


def from_record(processor: str, record: Record, poison: Poison, failed_at: datetime) -> Message:
    """The dead letter of a record: key, value and headers as they were, the reason behind them."""
    position = record.position
    headers = [
        *(header for header in record.headers if not _ours(header)),
        (TOPIC, position.topic.encode()),
        (PARTITION, str(position.partition).encode()),
        (OFFSET, str(position.offset).encode()),
        (TOPIC_ID, position.topic_id.encode()),
        (ORIGINAL_TIMESTAMP, str(record.timestamp_ms).encode()),
        *_reason(processor, "TASK_PUT", poison, failed_at),
        (FIRST_FAILED_AT, _first_failed_at(record.headers) or rfc3339(failed_at).encode()),
        (CAUSE, Cause.of_record(poison, record).fingerprint.encode()),
    ]
    return Message(topic_of(processor), record.key, record.value, headers)


def _first_failed_at(headers: Headers) -> bytes | None:
    return last_header(headers, FIRST_FAILED_AT) or last_header(headers, FAILED_AT)


def _reason(name: str, stage: str, poison: Poison, failed_at: datetime) -> Sequence[Header]:
    message = str(poison).encode()[:MAX_MESSAGE_BYTES].decode(errors="ignore")
    return [
        (NAME, name.encode()),
        (STAGE, stage.encode()),
        (EXCEPTION_CLASS, b"backbone.errors.Poison"),
        (EXCEPTION_MESSAGE, message.encode()),
        (ERROR_CODE, str(poison.reason).encode()),
        (FAILED_AT, rfc3339(failed_at).encode()),
    ]


def _ours(header: Header) -> bool:
    """Reasons of an earlier failure are replaced: piled up they would outgrow the topic."""
    return header[0].startswith((CONNECT, "dlq."))
