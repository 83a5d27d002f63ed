"""The spans of a source: `create` for a traced fact, `send` for its transaction."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanContext, SpanKind, Tracer

from backbone.errors import BackboneError, Poison
from backbone.fact import Envelope, Fact
from backbone.log import Message
from backbone.tracing.conventions import (
    MAX_TRACED,
    fail,
    headers_of,
    links,
    message,
    name,
    operation,
    recorded,
    says_recorded,
    whole_batch,
)


class SourceSpans:
    """See `backbone.source_messages.Tracing`. A fact's span is the child of the context it came
    with, and its record carries the span's own; the transaction's span links to them. One thread.
    """

    def __init__(
        self, tracer: Tracer, share: float, chance: Callable[[], float] = random.random
    ) -> None:
        """`share` of the facts that come without a context begin a trace."""
        self._tracer = tracer
        self._share = share
        self._chance = chance
        self._created: list[SpanContext] = []
        self._left_out = 0

    def creating(self, make: Callable[[Fact], Message]) -> Callable[[Fact], Message]:
        """What is left out for its number keeps the context it came with."""
        self._created, self._left_out = [], 0

        def made(fact: Fact) -> Message:
            if not self._wanted(fact.envelope):
                return make(fact)
            if len(self._created) == MAX_TRACED:
                self._left_out += 1
                return make(fact)
            return self._create(make, fact)

        return made

    @contextmanager
    def publishing(self, messages: Sequence[Message]) -> Iterator[None]:
        created, self._created = self._created, []
        if not created:
            yield
            return
        topics = {each.topic for each in messages}
        destination = topics.pop() if len(topics) == 1 else None
        span = self._tracer.start_span(
            name("send", destination),
            Context(),
            SpanKind.CLIENT,
            operation("send", "send", destination) | whole_batch(len(messages), self._left_out),
            links=links(created),
        )
        try:
            yield
        except BackboneError as error:
            fail(span, type(error).__name__)
            raise
        finally:
            span.end()

    def _wanted(self, envelope: Envelope) -> bool:
        if envelope.traceparent is not None:
            return says_recorded(envelope.traceparent)
        return self._share > 0 and self._chance() < self._share

    def _create(self, make: Callable[[Fact], Message], fact: Fact) -> Message:
        envelope, parent = fact.envelope, Context()
        if envelope.traceparent is not None:
            found = recorded(envelope.traceparent, envelope.tracestate)
            if found is None:
                return make(fact)
            parent = found
        attributes = operation("create", "create") | message(envelope)
        span = self._tracer.start_span("create", parent, SpanKind.PRODUCER, attributes)
        if not span.is_recording():  # the sampler refuses: the context goes on as it came
            return make(fact)
        try:
            made = make(_carrying(fact, span))
            span.update_name(name("create", made.topic))
            span.set_attribute("messaging.destination.name", made.topic)
        except Poison as poison:
            fail(span, str(poison.reason))
            raise
        finally:
            span.end()
        self._created.append(span.get_span_context())
        return made


def _carrying(fact: Fact, span: Span) -> Fact:
    traceparent, tracestate = headers_of(span)
    envelope = replace(fact.envelope, traceparent=traceparent, tracestate=tracestate)
    return replace(fact, envelope=envelope)
