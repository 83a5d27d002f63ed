"""The headers of a fact: CloudEvents 1.0.2, Kafka binding, binary mode, and W3C Trace Context.

Only what cannot be derived from topic, key, timestamp or schema id is sent: every header costs.
Sources: cloudevents/spec kafka-protocol-binding.md §3.2; w3c/trace-context.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from backbone.fact import Envelope
from backbone.instants import millis, rfc3339
from backbone.record import Header, Headers

SPEC_VERSION = b"1.0"
_NEVER = datetime.max.replace(tzinfo=UTC)  # this very object: no header says it

_OPTIONAL = (
    ("ce_subject", "subject"),
    ("ce_correlationid", "correlation_id"),
    ("ce_causationid", "causation_id"),
    ("traceparent", "traceparent"),
    ("tracestate", "tracestate"),
)


def context_headers(context: Mapping[str, str]) -> list[Header]:
    """Those of the optional attributes that are there, by their names in the envelope."""
    return [
        (name, context[attribute].encode()) for name, attribute in _OPTIONAL if attribute in context
    ]


def to_headers(envelope: Envelope, ce_type: str) -> list[Header]:
    headers: list[Header] = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", envelope.id.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", ce_type.encode()),
        ("ce_time", rfc3339(envelope.time).encode()),
        ("ce_sequence", envelope.sequence.encode()),
    ]
    for name, attribute in _OPTIONAL:
        value = getattr(envelope, attribute)
        if value is not None:
            headers.append((name, value.encode()))
    return headers


def from_headers(headers: Headers, published_at: datetime) -> Envelope:
    """Read what is there. A fact of a foreign producer may lack headers: its id is then empty and
    its time the publish time. Bytes that are not UTF-8 are replaced, never refused: an envelope
    must not stop a payload that is well. Of headers that repeat the last one counts."""
    found = {
        name: value.decode(errors="replace")
        for name, value in dict(headers).items()
        if value is not None
    }
    return Envelope(
        id=found.get("ce_id", ""),
        source=found.get("ce_source", ""),
        time=_instant(found.get("ce_time"), published_at),
        sequence=found.get("ce_sequence", ""),
        subject=found.get("ce_subject"),
        correlation_id=found.get("ce_correlationid"),
        causation_id=found.get("ce_causationid"),
        traceparent=found.get("traceparent"),
        tracestate=found.get("tracestate"),
    )


def origin(headers: Headers, published_ms: int) -> tuple[str, str, str, int]:
    """Only id, source, sequence and occurrence (ms since 1970) of what `from_headers` gives."""
    envelope = from_headers(headers, _NEVER)
    occurred_ms = published_ms if envelope.time is _NEVER else millis(envelope.time)
    return envelope.id, envelope.source, envelope.sequence, occurred_ms


def _instant(text: str | None, otherwise: datetime) -> datetime:
    if text is None:
        return otherwise
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return instant if instant.tzinfo is not None else otherwise
