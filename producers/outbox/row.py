"""One outbox row, and the fact it becomes."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from backbone.errors import Misconfigured, Poison, PoisonReason
from backbone.fact import Envelope, Fact, Origin
from backbone.source import Reject

Parse = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""(full name of the fact, payload) -> the record's fields; raises Poison(INVALID) otherwise."""

POSITION_DIGITS = 20  # a bigint has 19: as text it sorts like the number
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_PRINTABLE = re.compile(r"[!-~](?:[ -~]{0,510}[!-~])?")  # W3C asks to pass on 512 characters
_TYPE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,199}")


class OutboxRow(NamedTuple):
    """A row as read. `occurred_at` is None where Python has no such instant (infinity, year 0)."""

    position: int
    tx_id: int
    id: str
    aggregateid: str
    type: str
    payload: str
    headers: str | None
    occurred_at: datetime | None


class FactMaker:
    """Makes a fact, or a reject, of each row. Pure: the same row gives the same fact."""

    def __init__(self, event_source: str, keys: Mapping[str, str], parse: Parse) -> None:
        """`keys`: full name of each fact this source publishes -> its payload's key field."""
        self._event_source = event_source
        self._keys = keys
        self._parse = parse
        self._full_names = {name: name for name in keys}
        for name in keys:
            simple = name.rpartition(".")[2]
            if self._full_names.setdefault(simple, name) != name:
                raise Misconfigured(
                    f"two facts of this outbox are called {simple}: {name} and "
                    f"{self._full_names[simple]}. Publish them from two sources"
                )

    def make(self, row: OutboxRow) -> Fact | Reject:
        origin = Origin(
            position=f"outbox:{row.position}",
            value=row.payload.encode(),
            key=row.aggregateid.encode(),
        )
        fact_type = self._full_names.get(row.type)
        try:
            return self._fact(row, fact_type, origin)
        except Poison as poison:
            return Reject(replace(origin, row=_beside(row)), poison, fact_type)

    @property
    def full_names(self) -> Mapping[str, str]:
        """By what a row may call its type: the full name itself, or its last part."""
        return self._full_names

    def _fact(self, row: OutboxRow, fact_type: str | None, origin: Origin) -> Fact:
        if fact_type is None:
            raise Poison(PoisonReason.UNEXPECTED_FACT, self._unexpected(row))
        data = self._parse(fact_type, _payload(row))
        _check_key(row, data, self._keys[fact_type])
        if row.occurred_at is None:
            raise Poison(
                PoisonReason.INVALID,
                f"outbox row {row.position} (id {row.id}): occurred_at is not within years 1-9999",
                ("occurred_at: not an instant",),
            )
        envelope = Envelope(
            id=row.id,
            source=self._event_source,
            time=row.occurred_at.astimezone(UTC),
            sequence=f"{row.position:0{POSITION_DIGITS}d}",
            **context(row.headers),
        )
        return Fact(fact_type, row.aggregateid, data, envelope, origin)

    def _unexpected(self, row: OutboxRow) -> str:
        named = f" {row.type}" if _TYPE_NAME.fullmatch(row.type) else ""
        return (
            f"outbox row {row.position} (id {row.id}): no contract of this source is for its "
            f"type{named}; it publishes {', '.join(self._keys)}"
        )


def _beside(row: OutboxRow) -> bytes:
    """What the row says beside key and payload, to make its fact again once it is mended."""
    named = row.type if _TYPE_NAME.fullmatch(row.type) else ""
    told = {"id": row.id, "type": named, "headers": context(row.headers)}
    if row.occurred_at is not None:
        told["occurred_at"] = row.occurred_at.isoformat()
    return orjson.dumps(told)


def _payload(row: OutboxRow) -> Mapping[str, Any]:
    """Read the row's JSON object. No message quotes it: it may hold personal data."""
    try:
        payload = _DECODER.decode(row.payload)
        if "\\u" in row.payload:  # an escaped half of a surrogate pair is not text
            json.dumps(payload, ensure_ascii=False, default=str).encode()
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Poison(
            PoisonReason.UNPARSABLE,
            f"outbox row {row.position} (id {row.id}): the payload is not plain JSON "
            f"({_reason(error)})",
        ) from None
    if not isinstance(payload, dict):
        raise Poison(
            PoisonReason.UNPARSABLE,
            f"outbox row {row.position} (id {row.id}): the payload is JSON but not an object",
        )
    return payload


class _RepeatedMemberError(ValueError):
    pass


def _object(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) != len(members):
        raise _RepeatedMemberError
    return made


def _not_json(name: str) -> Any:
    raise ValueError(name)


# made once: `json.loads` makes one per call
_DECODER = json.JSONDecoder(
    parse_float=Decimal, parse_constant=_not_json, object_pairs_hook=_object
)


def _reason(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} at character {error.pos}"
        case _RepeatedMemberError():
            return "an object names a member twice"
        case RecursionError():
            return "nested too deeply"
        case UnicodeEncodeError():
            return "half of a surrogate pair"
        case _:
            return "a number out of reach"


def _check_key(row: OutboxRow, data: Mapping[str, Any], key_field: str) -> None:
    if row.aggregateid and str(data.get(key_field, "")) == row.aggregateid:
        return
    raise Poison(
        PoisonReason.BAD_KEY,
        f"outbox row {row.position} (id {row.id}): aggregateid is empty or differs from the "
        f"payload's {key_field}, so the fact would be filed under another key",
        (f"{key_field}: differs from aggregateid",),
    )


def context(headers: str | None) -> dict[str, str]:
    """Correlation and trace context, as far as they are sane: a bad header spoils no fact."""
    if not headers:
        return {}
    found = _headers(headers)
    context = {
        "correlation_id": found.get("correlationid", found.get("ce_correlationid")),
        "causation_id": found.get("causationid", found.get("ce_causationid")),
    }
    traceparent = found.get("traceparent")
    if isinstance(traceparent, str) and _TRACEPARENT.fullmatch(traceparent):
        context |= {"traceparent": traceparent, "tracestate": found.get("tracestate")}
    return {
        name: value
        for name, value in context.items()
        if isinstance(value, str) and _PRINTABLE.fullmatch(value)
    }


def _headers(headers: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(headers) if headers else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
