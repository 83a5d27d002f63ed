"""Header families of dead letters, one row for each writer, and what their exceptions tell.

Sources: Kafka Connect's DeadLetterQueueReporter.java, Spring's KafkaHeaders and
DeadLetterPublishingRecoverer, Kafka Streams' ExceptionHandlerUtils (KIP-1034), share groups
(KIP-1191). Ours is Connect's, with `dlq.*` beside it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zlib import crc32

from backbone import dead_letters as names
from backbone.dead_letter_causes import stripped

STREAMS = "__streams.errors."
SHARE_GROUPS = "__dlq.errors."
SPRING = "kafka_dlt-"

_FRAME = re.compile(r"""\bat ([\w.$<>/]+\([^()\n]*\))|File "([^"\n]+)", line ([0-9]+), in (\S+)""")


def _text_number(value: bytes) -> int:
    """As text: "3"."""
    return int(value)


def _binary_number(value: bytes) -> int:
    """As Java's ByteBuffer writes an int or a long: four or eight bytes, the highest first."""
    if len(value) not in {4, 8}:
        raise ValueError("neither an int nor a long")
    return int.from_bytes(value, "big", signed=True)


@dataclass(frozen=True, slots=True)
class Family:
    """Header names of one writer, and how it writes numbers. `exceptions`: those that name a
    class, the first that is there counts."""

    prefix: str
    topic: str
    partition: str
    offset: str
    message: str
    exceptions: tuple[str, ...]
    stacktrace: str | None
    timestamp: str | None = None
    number: Callable[[bytes], int] = _text_number


FAMILIES = (
    Family(
        names.CONNECT,
        names.TOPIC,
        names.PARTITION,
        names.OFFSET,
        names.EXCEPTION_MESSAGE,
        (names.EXCEPTION_CLASS,),
        names.CONNECT + "exception.stacktrace",
    ),
    Family(
        SPRING,
        SPRING + "original-topic",
        SPRING + "original-partition",
        SPRING + "original-offset",
        SPRING + "exception-message",
        # the first is always the listener container's own
        (SPRING + "exception-cause-fqcn", SPRING + "exception-fqcn"),
        SPRING + "exception-stacktrace",
        SPRING + "original-timestamp",
        _binary_number,
    ),
    Family(
        STREAMS,
        STREAMS + "topic",
        STREAMS + "partition",
        STREAMS + "offset",
        STREAMS + "message",
        (STREAMS + "exception",),
        STREAMS + "stacktrace",
    ),
    Family(
        SHARE_GROUPS,
        SHARE_GROUPS + "topic",
        SHARE_GROUPS + "partition",
        SHARE_GROUPS + "offset",
        SHARE_GROUPS + "message",
        (),
        None,
    ),
)
PREFIXES = (*(each.prefix for each in FAMILIES), "dlq.")
"""Of every header that says why a record failed: a replay leaves them out."""


def foreign_detail(headers: Mapping[str, bytes], message: str) -> str:
    """What failed, as another writer tells it: its exception's class, and where it was raised.

    The message itself is no part of what is shown, for it may quote the payload. Where there is
    nothing else it tells causes apart, without its figures, as a number.
    """
    for family in FAMILIES:
        found = [headers[name] for name in family.exceptions if name in headers]
        if found:
            kind = found[0].decode(errors="replace")
            stack = headers.get(family.stacktrace or "", b"").decode(errors="replace")
            where = _frame(stack)
            return f"{kind} at {where}" if where else f"{kind}{_told_apart(message)}"
    return f"no exception is named{_told_apart(message)}"


def _frame(stack: str) -> str | None:
    """Java: the first line below the innermost cause. Python: the last."""
    frames = list(_FRAME.finditer(stack.rpartition("Caused by:")[2]))
    if not frames:
        return None
    if frames[0].group(1):
        return frames[0].group(1)
    _, path, line, name = frames[-1].groups()
    return f"{path}:{line} {name}"


def _told_apart(message: str) -> str:
    if not message:
        return ""
    return f" (message {crc32(stripped(message).encode()):08x})"
