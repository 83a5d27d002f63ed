"""A view's spans: one trace from a record to the store, links for the batch, no secrets."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from backbone.envelope import to_headers
from backbone.errors import Fatal
from backbone.fact import Envelope, Fact
from backbone.log import Message
from backbone.memory.log import MemoryAppender
from backbone.middleware.dead_letters import dead_letters
from backbone.middleware.tracing import trace
from backbone.patience import Patience
from backbone.record import Headers, Outcomes, RecordBatch
from backbone.runner import Runner
from backbone.tracing.view_spans import ViewSpans
from backbone.views.traced_writer import TracedViewWriter
from processors.prices import PRICES
from processors.projector import Projector, Store
from tests.unit.tracing.recording import (
    MALFORMED,
    NOT_RECORDED,
    RECORDED,
    SPAN,
    TRACE,
    Recorder,
    id_of,
    links_of,
    parent_of,
    trace_of,
)
from tests.view_bench import PRICE, START, Bench, Worker, batch_of


class TracedWorker(Worker):
    """As `cli.wiring.view_runner` puts it together."""

    def __init__(self, bench: Bench, recorder: Recorder) -> None:
        spans = ViewSpans(recorder.tracing.tracer, "prices", "app.prices")
        writer = TracedViewWriter(bench.views.writer(), spans)
        store = Store(bench.id, writer, lambda: bench.admin.ends(bench.view.topic))
        self.projector = Projector(bench.view, bench.contracts, bench.codec, store)
        stack = [trace(spans), dead_letters("prices", MemoryAppender(bench.log))]
        self.runner = Runner(self.projector, stack, Patience("t"))
        self.subscription = bench.log.subscription("group", bench.view.topic, self.runner)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def prices() -> Bench:
    return Bench(PRICES)


def publish(prices: Bench, code: str, traceparent: str | None = None, seconds: int = 0) -> None:
    contract = prices.contracts[PRICE]
    data = {
        "stock_code": code,
        "price": Decimal(1),
        "currency": "GBP",
        "effective_at": START + timedelta(seconds=seconds),
    }
    source = contract.system_of_record
    envelope = Envelope("id-1", source, START, "7", None, "flow-7", None, traceparent)
    value = prices.codec.encode(Fact(PRICE, code, data, envelope))
    headers = to_headers(envelope, contract.ce_type)
    prices.append(Message(contract.topic, code.encode(), value, headers))


def batch_with(headers: Sequence[Headers]) -> RecordBatch:
    count = len(headers)
    return RecordBatch(
        topic="pricing.price.v1",
        topic_id="topic-id",
        partition=3,
        offsets=range(40, 40 + count),
        keys=[b"k"] * count,
        values=[b"v"] * count,
        headers=headers,
        timestamps_ms=[int(time.time() * 1000)] * count,
    )


def apply_all(batch: RecordBatch) -> Outcomes:
    return Outcomes(len(batch))


def test_one_trace_leads_from_the_record_to_the_store(prices: Bench, recorder: Recorder) -> None:
    publish(prices, "A", RECORDED)
    publish(prices, "B")
    TracedWorker(prices, recorder).run()
    [whole] = [each for each in recorder.spans() if each.parent is None]
    [process] = [each for each in recorder.spans() if parent_of(each) == SPAN]
    write = recorder.named("write prices")
    assert (process.name, process.kind) == ("process pricing.price.v1", SpanKind.CONSUMER)
    assert (trace_of(process), trace_of(write)) == (TRACE, TRACE)
    assert parent_of(write) == id_of(process)
    assert process.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "pricing.price.v1",
        "messaging.destination.partition.id": "0",
        "messaging.consumer.group.name": "app.prices",
        "messaging.kafka.offset": 0,
        "messaging.message.id": "id-1",
        "messaging.message.conversation_id": "flow-7",
        "backbone.view": "prices",
        "backbone.outcome": "applied",
    }
    assert (links_of(process), links_of(whole)) == ([id_of(whole)], [SPAN])
    assert (whole.attributes or {})["messaging.batch.message_count"] == 2
    assert len(recorder.spans()) == 3


def test_the_write_is_told_when_the_store_has_it(prices: Bench, recorder: Recorder) -> None:
    publish(prices, "A", RECORDED)
    worker = TracedWorker(prices, recorder)
    batch = batch_of(worker)
    worker.runner._handle(batch)
    worker.projector.commit(batch)
    assert recorder.names() == ["process pricing.price.v1"] * 2
    worker.projector.revoked(0)  # hears what became of it
    assert recorder.names() == ["process pricing.price.v1"] * 2 + ["write prices"]


def test_what_is_superseded_is_not_written(prices: Bench, recorder: Recorder) -> None:
    publish(prices, "A", seconds=9)
    publish(prices, "A", RECORDED, seconds=1)
    TracedWorker(prices, recorder).run()
    outcomes = [(each.attributes or {}).get("backbone.outcome") for each in recorder.spans()]
    assert outcomes == ["superseded", None]


def test_a_poisoned_record_fails_its_span_with_the_reasons_code_alone(
    prices: Bench, recorder: Recorder
) -> None:
    headers = [("traceparent", RECORDED.encode())]
    prices.append(Message("pricing.price.v1", b"customer's own", b"secret", headers))
    publish(prices, "A")
    TracedWorker(prices, recorder).run()
    [process] = [each for each in recorder.spans() if each.parent]
    said = (process.status.status_code, process.status.description)
    assert said == (StatusCode.ERROR, "bad_frame")
    assert (process.attributes or {})["error.type"] == "bad_frame"
    shown = "".join(each.to_json() for each in recorder.spans())
    assert "customer's own" not in shown
    assert "secret" not in shown
    assert (prices.dead(), [*prices.served()]) == (1, ["A"])


@pytest.mark.parametrize("traceparent", [NOT_RECORDED, None, *MALFORMED])
def test_a_record_whose_trace_nobody_records_is_applied_without_spans(
    prices: Bench, recorder: Recorder, traceparent: str | None
) -> None:
    publish(prices, "A", traceparent)
    TracedWorker(prices, recorder).run()
    assert recorder.spans() == []
    assert [*prices.served()] == ["A"]


@pytest.mark.parametrize("tracestate", [b"\xff\xfe", b"=,=,,", b"a" * 5000])
def test_a_tracestate_that_is_none_spoils_nothing(recorder: Recorder, tracestate: bytes) -> None:
    spans = ViewSpans(recorder.tracing.tracer, "prices", "app.prices")
    headers = [("traceparent", RECORDED.encode()), ("tracestate", tracestate)]
    trace(spans)(apply_all)(batch_with([headers]))
    assert [trace_of(each) for each in recorder.spans() if each.parent] == [TRACE]


def test_of_a_large_batch_128_records_have_spans_and_the_others_are_counted(
    recorder: Recorder,
) -> None:
    spans = ViewSpans(recorder.tracing.tracer, "prices", "app.prices")
    trace(spans)(apply_all)(batch_with([[("traceparent", RECORDED.encode())]] * 130))
    whole = recorder.spans()[-1]
    assert (len(recorder.spans()), len(whole.links)) == (129, 128)
    assert (whole.attributes or {})["backbone.traced.left_out"] == 2


class Unread(Sequence[Headers]):
    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Headers:  # type: ignore[override] # never sliced
        raise AssertionError(f"the headers of record {index} were read")


def test_the_headers_of_an_old_record_are_not_read(recorder: Recorder) -> None:
    spans = ViewSpans(recorder.tracing.tracer, "prices", "app.prices")
    old = replace(batch_with([[], []]), headers=Unread(), timestamps_ms=[1_000, 2_000])
    trace(spans, lambda: 2.001 + 3_600)(apply_all)(old)
    with pytest.raises(AssertionError, match="record 1 were read"):
        trace(spans, lambda: 1.999 + 3_600)(apply_all)(old)


def test_a_step_that_fails_fails_every_span(recorder: Recorder) -> None:
    def step(_: RecordBatch) -> Outcomes:
        raise Fatal("the topic is not the one it was")

    spans = ViewSpans(recorder.tracing.tracer, "prices", "app.prices")
    with pytest.raises(Fatal):
        trace(spans)(step)(batch_with([[("traceparent", RECORDED.encode())]]))
    assert [each.status.description for each in recorder.spans()] == ["Fatal", "Fatal"]


def test_what_was_not_written_when_the_partition_was_claimed_again_is_forgotten(
    recorder: Recorder,
) -> None:
    spans = ViewSpans(recorder.tracing.tracer, "prices", "app.prices")
    trace(spans)(apply_all)(batch_with([[("traceparent", RECORDED.encode())]]))
    spans.claimed(3)
    spans.written(3, 1_000, 0)
    assert "write prices" not in recorder.names()
