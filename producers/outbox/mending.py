"""A rejected outbox row, mended: the row as it was, with some fields of its payload replaced."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import orjson

from backbone.errors import Poison, PoisonReason
from backbone.fact import Fact
from backbone.replay.rejects import Rejected
from backbone.source import Reject
from producers.outbox.row import OutboxRow


class Maker(Protocol):
    def make(self, row: OutboxRow) -> Fact | Reject: ...


def mend(maker: Maker, rejected: Rejected) -> Fact | Reject:
    """The fact has the row's own id, so mended twice it is one fact."""
    origin = rejected.origin
    try:
        row = _row(rejected)
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        message = f"the row cannot be made again ({type(error).__name__})"
        return Reject(origin, Poison(PoisonReason.UNPARSABLE, message), rejected.fact_type)
    return maker.make(row)


def _row(rejected: Rejected) -> OutboxRow:
    origin = rejected.origin
    beside: Mapping[str, Any] = orjson.loads(origin.row or b"")
    payload = origin.value.decode()
    if rejected.repair:
        payload = _mended(payload, rejected.repair)
    context = {_HEADERS.get(name, name): text for name, text in beside["headers"].items()}
    return OutboxRow(
        position=int(origin.position.rpartition(":")[2]),
        tx_id=0,
        id=beside["id"],
        aggregateid=(origin.key or b"").decode(),
        type=beside["type"],
        payload=payload,
        headers=json.dumps(context),
        occurred_at=datetime.fromisoformat(beside["occurred_at"]),
    )


def _mended(payload: str, repair: Mapping[str, str]) -> str:
    """A repair is text; what is no text in JSON is given as JSON: lists, objects, null."""
    fields = json.loads(payload, parse_float=str)
    fields.update({name: _value(text) for name, text in repair.items()})
    return json.dumps(fields, ensure_ascii=False)


def _value(text: str) -> Any:
    return json.loads(text) if text[0] in "[{" or text in _WORDS else text


_WORDS = ("null", "true", "false")
_HEADERS = {"correlation_id": "correlationid", "causation_id": "causationid"}
