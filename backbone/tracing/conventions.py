"""Names, attributes and contexts, as OpenTelemetry's conventions and W3C have them.

Attributes name topics, positions and ids: never a payload, and never a key, which may be personal
data. Source: open-telemetry/semantic-conventions 1.44.0, docs/messaging (in development).
"""

from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    StatusCode,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from backbone.fact import Envelope

MAX_TRACED = 128
"""Messages of one batch that get spans; how many were left out is told."""

Attributes = dict[str, str | int]
_FLAGS = slice(53, 55)  # of a traceparent
_W3C = TraceContextTextMapPropagator()


def says_recorded(traceparent: str | bytes) -> bool:
    """At a glance, for every message: most are not, and parsing costs. What it says yes to may
    still be malformed."""
    return traceparent[_FLAGS] not in ("00", b"00")


def recorded(traceparent: str, tracestate: str | None) -> Context | None:
    """The context as a parent; None where nobody records its trace, or where it is malformed."""
    carrier = {"traceparent": traceparent}
    if tracestate is not None:
        carrier["tracestate"] = tracestate
    context = _W3C.extract(carrier, Context())
    found = context_of(context)
    return context if found.is_valid and found.trace_flags.sampled else None


def headers_of(span: Span) -> tuple[str, str | None]:
    """`traceparent` and `tracestate` for what is done next in the span's trace."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, set_span_in_context(span, Context()))
    return carrier["traceparent"], carrier.get("tracestate")


def context_of(parent: Context) -> SpanContext:
    return get_current_span(parent).get_span_context()


def below(parent: SpanContext) -> Context:
    return set_span_in_context(NonRecordingSpan(parent), Context())


def name(operation: str, destination: str | None) -> str:
    return f"{operation} {destination}" if destination else operation


def operation(name: str, kind: str, destination: str | None = None) -> Attributes:
    given: Attributes = {
        "messaging.system": "kafka",
        "messaging.operation.name": name,
        "messaging.operation.type": kind,
    }
    return given | ({"messaging.destination.name": destination} if destination else {})


def message(envelope: Envelope) -> Attributes:
    """What tells one fact from others: its id, and the business flow it belongs to."""
    given: Attributes = {"messaging.message.id": envelope.id}
    if envelope.correlation_id:
        given["messaging.message.conversation_id"] = envelope.correlation_id
    return given


def whole_batch(count: int, left_out: int) -> Attributes:
    """Of `count` messages, of which so many are traced and get no span of their own."""
    given: Attributes = {"messaging.batch.message_count": count}
    return given | ({"backbone.traced.left_out": left_out} if left_out else {})


def links(contexts: Sequence[SpanContext]) -> list[Link]:
    return [Link(each) for each in contexts]


def fail(span: Span, code: str) -> None:
    """By a code only: what an error says may be long, and belongs into the log."""
    span.set_attribute("error.type", code)
    span.set_status(StatusCode.ERROR, code)
