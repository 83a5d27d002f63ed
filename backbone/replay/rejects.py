"""A source's reject, tried again: the input as it was, and what a repair file replaces of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import orjson

from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import FACT_TYPE, SOURCE_COLUMNS, SOURCE_POSITION, SOURCE_ROW
from backbone.fact import Fact, Origin
from backbone.log import Message
from backbone.record import Headers, Record, last_header
from backbone.replay.retry_headers import REPLAY, Run, marked
from backbone.source import Reject
from backbone.topics import retry_topic

REPAIR = REPLAY + "repair"


@dataclass(frozen=True, slots=True)
class Rejected:
    """What was turned away: its input, the fact it was meant to be, and what is mended of it, by
    the names of its fields."""

    origin: Origin
    fact_type: str | None
    repair: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Mends(Protocol):
    """A source whose rejects can be tried again."""

    def mend(self, rejected: Rejected) -> Fact | Reject:
        """The fact of a mended input, by the same rules as any: mended alike it has the same id.
        Pure; called for the SourceRunner while it polls."""


def of_letter(letter: DeadLetter, repair: Mapping[str, str]) -> Rejected:
    return _rejected(letter.record, letter.source_position or "", repair)


def of_retry(record: Record) -> Rejected:
    """Never raises: without its headers it is an input of no place, and no fact can be made."""
    place = last_header(record.headers, SOURCE_POSITION) or b""
    try:
        repair = orjson.loads(last_header(record.headers, REPAIR) or b"{}")
    except ValueError:
        repair = {}
    return _rejected(record, place.decode(errors="replace"), repair)


def message(source: str, letter: DeadLetter, repair: Mapping[str, str], run: Run) -> Message:
    """To the source's runner."""
    record = letter.record
    kept = [each for each in record.headers if each[0] in _KEPT]
    rest = marked(record.headers, run, record.position, None)
    headers = [*kept, (REPAIR, orjson.dumps(dict(repair))), *rest]
    return Message(retry_topic(source), record.key, record.value, headers, 0)


def _rejected(record: Record, position: str, repair: Mapping[str, str]) -> Rejected:
    columns = _text(record.headers, SOURCE_COLUMNS)
    origin = Origin(
        position,
        record.value or b"",
        record.key,
        tuple(filter(None, columns.split(","))),
        last_header(record.headers, SOURCE_ROW),
    )
    return Rejected(origin, _text(record.headers, FACT_TYPE) or None, repair)


def _text(headers: Headers, name: str) -> str:
    return (last_header(headers, name) or b"").decode(errors="replace")


_KEPT = (SOURCE_POSITION, SOURCE_COLUMNS, SOURCE_ROW, FACT_TYPE)
