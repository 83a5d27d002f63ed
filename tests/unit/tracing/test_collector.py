"""Spans on their way to a collector: a server of this test's own, which may be in trouble."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs

from backbone.errors import Misconfigured
from backbone.settings import REPOSITORY
from backbone.tracing import collector as collector_module
from backbone.tracing.collector import Tracing, over_http
from cli import wiring
from tests.unit.tracing.otlp_server import Collector


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector().serving() as made:
        yield made


def span(tracing: Tracing, name: str = "create sales.order.v1") -> None:
    tracing.tracer.start_span(name).end()


def services(request: ExportTraceServiceRequest) -> dict[str, str]:
    resource = request.resource_spans[0].resource
    return {each.key: each.value.string_value for each in resource.attributes}


def test_spans_come_to_the_collector_as_otlp(collector: Collector) -> None:
    tracing = over_http("backbone", f"{collector.address}/")
    span(tracing)
    tracing.close()
    [(path, request)] = collector.posted
    [made] = request.resource_spans[0].scope_spans[0].spans
    assert (path, made.name) == ("/v1/traces", "create sales.order.v1")
    assert (len(made.trace_id), len(made.span_id)) == (16, 8)
    assert services(request)["service.name"] == "backbone"


def test_the_standard_variables_name_collector_and_service(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop-relay")
    tracing = wiring.tracing.__wrapped__()
    assert tracing is not None
    span(tracing)
    tracing.close()
    assert [services(request)["service.name"] for _, request in collector.posted] == ["shop-relay"]


def test_a_collector_that_refuses_is_told_of_once(collector: Collector) -> None:
    collector.status = 400
    with capture_logs() as logs:
        tracing = over_http("backbone", collector.address.replace("//", "//user:secret@"))
        for _ in range(1_500):  # three exports
            span(tracing)
        tracing.close()
    assert len(collector.posted) == 3
    where = collector.address.partition("//")[2]
    assert [(each["event"], each["collector"]) for each in logs] == [
        ("spans were not taken", where)
    ]


def test_nobody_waits_for_a_collector_that_is_away(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.getLogger("opentelemetry").setLevel(logging.NOTSET)
    monkeypatch.setattr(collector_module, "END_SECONDS", 0.2)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2")
    with capture_logs() as logs:
        tracing = over_http("backbone", "http://127.0.0.1:1")
        began = time.monotonic()
        for _ in range(5_000):  # more than the queue holds
            span(tracing)
        made = time.monotonic()
        tracing.close()
        ended = time.monotonic()
        for thread in exporting():
            thread.join()
    assert made - began < 5
    assert ended - made < 1
    said = [each["event"] for each in logs]
    assert sorted(set(said)) == ["spans were not taken", "the last spans were not taken"]
    assert len(said) == 2
    assert caplog.records == []  # the library says it at every try


def exporting() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("OtelBatch")]


def test_what_is_wrong_with_the_variables_stops_the_process_at_its_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "1")
    with pytest.raises(Misconfigured, match="check BACKBONE_OTLP_ENDPOINT"):
        over_http("backbone", "http://127.0.0.1:1")


def test_a_long_attribute_is_cut() -> None:
    exporter = InMemorySpanExporter()
    tracing = Tracing("backbone", SimpleSpanProcessor(exporter))
    tracing.tracer.start_span("create", attributes={"messaging.message.id": "x" * 9_999}).end()
    [made] = exporter.get_finished_spans()
    assert (made.attributes or {})["messaging.message.id"] == "x" * 512


def test_without_a_collector_nothing_that_traces_is_loaded() -> None:
    code = (
        "import sys; from cli import main, wiring; assert wiring.tracing() is None;"
        "assert wiring.source_tracing() is None; wiring.end_tracing();"
        "print([name for name in sys.modules if 'tracing' in name or 'otlp' in name])"
    )
    command = [sys.executable, "-c", code]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "BACKBONE_"))}
    found = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout == "[]\n"
