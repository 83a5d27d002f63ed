"""Dead letters as they are read: whoever wrote them, and whatever headers they lack.

The one place that knows header families. A further one (Spring, Kafka Streams) is one more row of
`_FAMILIES`, with its own way of writing numbers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from backbone import dead_letters as names
from backbone.fact import LogPosition
from backbone.record import Record, last_header

_VERSIONED = ".v"


@dataclass(frozen=True, slots=True)
class _Family:
    """Header names of one writer, and how it writes numbers."""

    topic: str
    partition: str
    offset: str
    message: str
    number: Callable[[bytes], int]


_FAMILIES = (_Family(names.TOPIC, names.PARTITION, names.OFFSET, names.EXCEPTION_MESSAGE, int),)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter: the input as it was, and what is known of why it is here.

    `origin` is where the record stood, `source_position` where the source's input did; one of them
    is None, both when no header tells. `code` is "unknown" where the writer gave none. `failed_at`
    is publish time where the writer did not say. `columns` name the fields of a text row.
    """

    record: Record
    code: str
    message: str
    failed_at: datetime
    origin: LogPosition | None
    source_position: str | None
    fact_type: str | None
    columns: tuple[str, ...]
    size: int

    @classmethod
    def of(cls, record: Record) -> "DeadLetter":
        """Read what is there. Never raises: a letter nobody can read is still shown."""
        headers = {name: value for name, value in record.headers if value is not None}
        kept = len(record.value or b"")
        return cls(
            record=record,
            code=_text(headers, names.ERROR_CODE) or "unknown",
            message=next(filter(None, (_text(headers, f.message) for f in _FAMILIES)), ""),
            failed_at=_instant(_text(headers, names.FAILED_AT), record.timestamp_ms),
            origin=next(filter(None, (_origin(headers, f) for f in _FAMILIES)), None),
            source_position=_text(headers, names.SOURCE_POSITION),
            fact_type=_fact_type(headers),
            columns=tuple(filter(None, (_text(headers, names.SOURCE_COLUMNS) or "").split(","))),
            size=_number(headers, names.TRUNCATED, int) or kept,
        )

    @property
    def where(self) -> str:
        """Where the input stood before it came here: in its source, or in the log."""
        return self.source_position or (str(self.origin) if self.origin else "unknown")

    @property
    def truncated(self) -> bool:
        """Whether only the head of the input was kept."""
        return self.size > len(self.record.value or b"")

    def header(self, name: str) -> str | None:
        value = last_header(self.record.headers, name)
        return None if value is None else printable(value)


def printable(value: bytes) -> str:
    """Text that cannot steer a terminal: what is neither printable nor UTF-8 is replaced."""
    text = value.decode(errors="replace")
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _text(headers: Mapping[str, bytes], name: str) -> str | None:
    value = headers.get(name)
    return None if value is None else printable(value)


def _number(headers: Mapping[str, bytes], name: str, read: Callable[[bytes], int]) -> int | None:
    try:
        return read(headers[name])
    except (KeyError, ValueError):
        return None


def _origin(headers: Mapping[str, bytes], family: _Family) -> LogPosition | None:
    topic = _text(headers, family.topic)
    partition = _number(headers, family.partition, family.number)
    offset = _number(headers, family.offset, family.number)
    if topic is None or partition is None or offset is None:
        return None
    return LogPosition(_text(headers, names.TOPIC_ID) or "", topic, partition, offset)


def _instant(text: str | None, timestamp_ms: int) -> datetime:
    try:
        instant = datetime.fromisoformat(text or "")
    except ValueError:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def _fact_type(headers: Mapping[str, bytes]) -> str | None:
    """The Avro full name: as our sources write it, else from CloudEvents' `ce_type`."""
    own = _text(headers, names.FACT_TYPE)
    if own is not None:
        return own
    name, version, major = (_text(headers, "ce_type") or "").rpartition(_VERSIONED)
    return name if version and major.isdigit() else None
