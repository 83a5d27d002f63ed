"""What is handed to an owner: bytes as they were, to the partition where they stood at first."""

from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import FIRST_FAILED_AT
from backbone.fact import LogPosition
from backbone.instants import rfc3339
from backbone.log import Message
from backbone.record import Record
from backbone.replay.retry_headers import Original, Run, marked
from backbone.topics import retry_topic


def of_letter(name: str, letter: DeadLetter, origin: LogPosition, run: Run) -> Message:
    """A dead letter to the processor `name`, without what told of its failure."""
    first = letter.header(FIRST_FAILED_AT) or rfc3339(letter.failed_at)
    original = Original(origin, letter.published_ms)
    record = letter.record
    return Message(
        retry_topic(name),
        record.key,
        record.value,
        marked(record.headers, run, record.position, original, first),
        origin.partition,
    )


def of_fact(name: str, record: Record, run: Run) -> Message:
    """A record of a fact topic to the processor `name`."""
    original = Original(record.position, record.timestamp_ms)
    headers = marked(record.headers, run, record.position, original)
    partition = record.position.partition
    return Message(retry_topic(name), record.key, record.value, headers, partition)
