"""A source's spans: what its records carry on, and what is never made."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from backbone.envelope import to_headers
from backbone.errors import Poison, PoisonReason, Transient
from backbone.fact import Envelope, Fact
from backbone.log import Message
from backbone.record import last_header
from backbone.tracing.source_spans import SourceSpans
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

START = datetime(2026, 1, 1, tzinfo=UTC)


def fact(traceparent: str | None = RECORDED, **envelope: str) -> Fact:
    made = Envelope("id-1", "/services/shop", START, "7", traceparent=traceparent, **envelope)
    return Fact("shop.sales.OrderPlaced", "customer's own", {}, made)


def make(given: Fact) -> Message:
    return Message("sales.order.v1", b"k", b"v", to_headers(given.envelope, "OrderPlaced.v1"))


def refuse(given: Fact) -> Message:
    raise Poison(PoisonReason.INVALID, f"{given.key} is bad")


def publish(spans: SourceSpans, facts: Sequence[Fact]) -> list[Message]:
    create = spans.creating(make)
    messages = [create(each) for each in facts]
    with spans.publishing(messages):
        return messages


def carried(message: Message, name: str = "traceparent") -> str:
    return (last_header(message.headers, name) or b"").decode()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def test_a_facts_record_carries_the_span_that_is_the_child_of_its_context(
    recorder: Recorder,
) -> None:
    spans = SourceSpans(recorder.tracing.tracer, share=0)
    [message] = publish(spans, [fact(tracestate="vendor=1", correlation_id="flow-7")])
    create = recorder.named("create sales.order.v1")
    assert (trace_of(create), parent_of(create), create.kind) == (TRACE, SPAN, SpanKind.PRODUCER)
    assert carried(message) == f"00-{TRACE}-{id_of(create)}-01"
    assert carried(message, "tracestate") == "vendor=1"
    assert create.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "create",
        "messaging.operation.type": "create",
        "messaging.destination.name": "sales.order.v1",
        "messaging.message.id": "id-1",
        "messaging.message.conversation_id": "flow-7",
    }


def test_the_transactions_span_links_to_what_was_created(recorder: Recorder) -> None:
    spans = SourceSpans(recorder.tracing.tracer, share=0)
    publish(spans, [fact(), fact(None), fact()])
    send = recorder.named("send sales.order.v1")
    created = [span for span in recorder.spans() if span.name == "create sales.order.v1"]
    assert links_of(send) == [id_of(span) for span in created]
    assert (send.kind, send.parent, trace_of(send) == TRACE) == (SpanKind.CLIENT, None, False)
    assert send.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": "sales.order.v1",
        "messaging.batch.message_count": 3,
    }


def test_of_a_large_batch_128_facts_have_spans_and_the_others_keep_their_context(
    recorder: Recorder,
) -> None:
    messages = publish(SourceSpans(recorder.tracing.tracer, share=0), [fact()] * 130)
    send = recorder.named("send sales.order.v1")
    assert (len(recorder.spans()), len(send.links)) == (129, 128)
    assert (send.attributes or {})["backbone.traced.left_out"] == 2
    assert [carried(message) == RECORDED for message in messages] == [False] * 128 + [True] * 2


@pytest.mark.parametrize("traceparent", [NOT_RECORDED, None, *MALFORMED])
def test_a_fact_whose_trace_nobody_records_goes_on_as_it_came(
    recorder: Recorder, traceparent: str | None
) -> None:
    given = fact(traceparent)
    assert publish(SourceSpans(recorder.tracing.tracer, share=0), [given]) == [make(given)]
    assert recorder.spans() == []


def test_a_share_of_the_facts_without_a_context_begins_a_trace(recorder: Recorder) -> None:
    chances = iter([0.1, 0.3, 0.2])
    spans = SourceSpans(recorder.tracing.tracer, 0.25, lambda: next(chances))
    messages = publish(spans, [fact(None), fact(None), fact(None), fact(NOT_RECORDED)])
    first, second = (span for span in recorder.spans() if span.name.startswith("create"))
    assert (first.parent, second.parent) == (None, None)
    assert trace_of(first) != trace_of(second)
    assert [carried(message) for message in messages] == [
        f"00-{trace_of(first)}-{id_of(first)}-03",  # recorded, and of a random number
        "",
        f"00-{trace_of(second)}-{id_of(second)}-03",
        NOT_RECORDED,
    ]


def test_a_refused_fact_fails_its_span_with_the_reasons_code_alone(recorder: Recorder) -> None:
    create = SourceSpans(recorder.tracing.tracer, share=0).creating(refuse)
    with pytest.raises(Poison):
        create(fact())
    span = recorder.named("create")
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "invalid")
    assert (span.attributes or {})["error.type"] == "invalid"
    assert "customer's own" not in span.to_json()


def test_a_transaction_of_unknown_outcome_fails_its_span(recorder: Recorder) -> None:
    spans = SourceSpans(recorder.tracing.tracer, share=0)
    messages = [spans.creating(make)(fact())]
    with pytest.raises(Transient), spans.publishing(messages):
        raise Transient("Kafka is away")
    assert recorder.named("send sales.order.v1").status.description == "Transient"


def test_what_was_made_for_a_transaction_that_was_never_tried_is_forgotten(
    recorder: Recorder,
) -> None:
    spans = SourceSpans(recorder.tracing.tracer, share=0)
    spans.creating(make)(fact())
    publish(spans, [fact(None)])
    assert recorder.names() == ["create sales.order.v1"]


def test_a_sampler_that_refuses_leaves_the_context_as_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    recorder, given = Recorder(), replace(fact(), key="k")
    assert publish(SourceSpans(recorder.tracing.tracer, share=1), [given]) == [make(given)]
    assert recorder.spans() == []
