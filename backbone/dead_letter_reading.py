"""Dead letters as they are read: whoever wrote them, and whatever headers they lack."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from backbone import dead_letters as names
from backbone.dead_letter_causes import Cause, fact_type_of, schema_of
from backbone.dead_letter_families import FAMILIES, Family, foreign_detail
from backbone.fact import LogPosition
from backbone.record import Record, last_header


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter: the input as it was, and what is known of why it is here.

    `origin` is where the record stood, `source_position` where the source's input did; one of them
    is None, both when no header tells. `code` is "unknown" where the writer gave none. `failed_at`
    is publish time where the writer did not say. `columns` name the fields of a text row.
    What another writer's exception says is not in `message`: it may quote the payload.
    `published_ms` is when the record was published first.
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
    published_ms: int
    cause: Cause
    fingerprint: str

    @classmethod
    def of(cls, record: Record) -> "DeadLetter":
        """Read what is there. Never raises: a letter nobody can read is still shown."""
        headers = {name: value for name, value in record.headers if value is not None}
        code = _text(headers, names.ERROR_CODE)
        family = next((each for each in FAMILIES if each.message in headers), FAMILIES[0])
        message = _text(headers, family.message) or ""
        fact_type = _text(headers, names.FACT_TYPE) or fact_type_of(headers.get("ce_type"))
        schema_id = schema_of(record.value) if names.SOURCE_POSITION not in headers else None
        if code is None:
            cause = Cause("unknown", fact_type, schema_id, foreign_detail(headers, message))
        else:
            cause = Cause.told(code, message, fact_type, schema_id)
        return cls(
            record=record,
            code=cause.code,
            message=message if code is not None else _hidden(message),
            failed_at=_instant(_text(headers, names.FAILED_AT), record.timestamp_ms),
            origin=next(filter(None, (_origin(headers, each) for each in FAMILIES)), None),
            source_position=_text(headers, names.SOURCE_POSITION),
            fact_type=fact_type,
            columns=tuple(filter(None, (_text(headers, names.SOURCE_COLUMNS) or "").split(","))),
            size=_number(headers, names.TRUNCATED, int) or len(record.value or b""),
            published_ms=_published_ms(headers, record),
            cause=cause,
            fingerprint=_text(headers, names.CAUSE) or cause.fingerprint,
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


def _hidden(message: str) -> str:
    return f"({len(message)} characters of another writer, not shown)" if message else ""


def _text(headers: Mapping[str, bytes], name: str) -> str | None:
    value = headers.get(name)
    return None if value is None else printable(value)


def _number(headers: Mapping[str, bytes], name: str, read: Callable[[bytes], int]) -> int | None:
    try:
        return read(headers[name])
    except (KeyError, ValueError):
        return None


def _origin(headers: Mapping[str, bytes], family: Family) -> LogPosition | None:
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


def _published_ms(headers: Mapping[str, bytes], record: Record) -> int:
    found = _number(headers, names.ORIGINAL_TIMESTAMP, int)
    for family in FAMILIES:
        if found is None and family.timestamp is not None:
            found = _number(headers, family.timestamp, family.number)
    return record.timestamp_ms if found is None else found
