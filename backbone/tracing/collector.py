"""The way of the spans to a collector, over OTLP; and what happens while it does not take them.

They are exported by a thread of their own from a bounded queue: work never waits for a collector,
and spans that it does not take are dropped.
"""

import logging
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from backbone.errors import Misconfigured
from backbone.logs import logger

END_SECONDS = 3.0
"""What the end of a process waits for the collector at most."""
_SAY_AGAIN_SECONDS = 60.0
_MAX_ATTRIBUTE_LENGTH = 512


class Tracing:
    """The spans of one process. Made by the composition root; `close` at the end."""

    def __init__(self, service: str, processor: SpanProcessor) -> None:
        """The standard variables may say more: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
        OTEL_TRACES_SAMPLER."""
        standard = OTELResourceDetector().detect()
        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: service}).merge(standard),
            shutdown_on_exit=False,  # it would wait for half a minute
            span_limits=SpanLimits(max_span_attribute_length=_MAX_ATTRIBUTE_LENGTH),
        )
        self._provider.add_span_processor(processor)
        self.tracer = self._provider.get_tracer("backbone")

    def close(self) -> None:
        """Export what is left, for END_SECONDS at most. Never raises."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(END_SECONDS)
        if ending.is_alive():
            logger("tracing").warning("the last spans were not taken", seconds=END_SECONDS)


def over_http(service: str, endpoint: str) -> Tracing:
    """Export to `endpoint`, a collector's base address; empty: the one that the standard variables
    name, which say the rest as well (headers, certificate, time-out)."""
    try:
        address = f"{endpoint.rstrip('/')}/v1/traces" if endpoint else None
        exporter = Reporting(OTLPSpanExporter(endpoint=address), _where(endpoint))
        return Tracing(service, BatchSpanProcessor(exporter))
    except (ValueError, OSError) as error:
        raise Misconfigured(
            f"tracing cannot be set up ({type(error).__name__}): check BACKBONE_OTLP_ENDPOINT and "
            "the OTEL_ variables"
        ) from error


def _where(endpoint: str) -> str:
    """Without credentials."""
    return (
        urlsplit(endpoint).netloc.rpartition("@")[2] or "as the OTEL_EXPORTER_OTLP_ variables say"
    )


class Reporting(SpanExporter):
    """Says in our log, once a minute, that spans are not taken: the library says it every try."""

    def __init__(self, exporter: SpanExporter, where: str) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._exporter = exporter
        self._where = where
        self._lost = 0
        self._due = 0.0
        self._log = logger("tracing")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._lost += len(spans)
        if self._lost and time.monotonic() >= self._due:
            self._due = time.monotonic() + _SAY_AGAIN_SECONDS
            self._log.warning("spans were not taken", collector=self._where, lost=self._lost)
            self._lost = 0
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)
