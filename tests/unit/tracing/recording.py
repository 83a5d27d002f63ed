"""Spans kept in memory, and contexts to begin with."""

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, format_span_id, format_trace_id

from backbone.tracing.collector import Tracing

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
RECORDED = f"00-{TRACE}-{SPAN}-01"
NOT_RECORDED = f"00-{TRACE}-{SPAN}-00"

# Each of them W3C tells to ignore, together with the tracestate beside it.
MALFORMED = (
    "",
    "garbage",
    RECORDED.upper(),
    f"00-{'0' * 32}-{SPAN}-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"ff-{TRACE}-{SPAN}-01",
    f"00-{TRACE}-{SPAN}-01-more",
    f"00-{TRACE}-{SPAN}-é1",
)


class Recorder:
    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracing = Tracing("test", SimpleSpanProcessor(self._exporter))

    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def names(self) -> list[str]:
        return sorted(span.name for span in self.spans())

    def named(self, name: str) -> ReadableSpan:
        [found] = [span for span in self.spans() if span.name == name]
        return found


def trace_of(span: ReadableSpan) -> str:
    return format_trace_id(context_of(span).trace_id)


def parent_of(span: ReadableSpan) -> str | None:
    return format_span_id(span.parent.span_id) if span.parent else None


def id_of(span: ReadableSpan) -> str:
    return format_span_id(context_of(span).span_id)


def links_of(span: ReadableSpan) -> list[str]:
    return [format_span_id(link.context.span_id) for link in span.links]


def context_of(span: ReadableSpan) -> SpanContext:
    context: SpanContext = span.get_span_context()  # type: ignore[assignment]
    return context
