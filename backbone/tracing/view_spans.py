"""The spans of a view: `process` for a batch and for each traced record of it, `write` for what
the store holds then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanContext, SpanKind, Tracer

from backbone.envelope import from_headers
from backbone.record import Outcome, Outcomes, RecordBatch, Step
from backbone.tracing.conventions import (
    MAX_TRACED,
    Attributes,
    below,
    context_of,
    fail,
    links,
    message,
    name,
    operation,
    whole_batch,
)

_NO_TIME = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Carried:
    """A record's place in its batch, and the context that its headers carry."""

    place: int
    parent: Context


class ViewSpans:
    """The batch's span links to the contexts of its records. A record's own is the child of its
    context, so that one trace leads from the source to the view. One thread."""

    def __init__(self, tracer: Tracer, view: str, group: str) -> None:
        self._tracer = tracer
        self._view = view
        self._group = group
        self._applied: dict[int, list[tuple[int, SpanContext]]] = {}

    def process(
        self, step: Step, batch: RecordBatch, carried: Sequence[Carried], left_out: int
    ) -> Outcomes:
        """`carried` are at most MAX_TRACED; so many more are `left_out`."""
        contexts = [context_of(each.parent) for each in carried]
        whole = self._start(batch, Context(), contexts, whole_batch(len(batch), left_out))
        spans = [self._of_record(batch, each, whole) for each in carried]
        try:
            outcomes = step(batch)
            self._tell(batch, outcomes, carried, spans)
        except BaseException as error:
            for span in (whole, *spans):
                fail(span, type(error).__name__)
            raise
        finally:
            for span in (*spans, whole):
                span.end()
        return outcomes

    def claimed(self, partition: int) -> None:
        """What was on its way into the store is processed again."""
        self._applied.pop(partition, None)

    def written(self, partition: int, offset: int, began_ns: int) -> None:
        """The store holds everything below `offset`; writing that began at `began_ns`."""
        applied = self._applied.get(partition, [])
        self._applied[partition] = [each for each in applied if each[0] >= offset]
        for at, context in applied:
            if at < offset:
                self._write(partition, at, context, began_ns)

    def _write(self, partition: int, offset: int, parent: SpanContext, began_ns: int) -> None:
        attributes: Attributes = {
            "backbone.view": self._view,
            "messaging.destination.partition.id": str(partition),
            "messaging.kafka.offset": offset,
        }
        self._tracer.start_span(
            name("write", self._view),
            below(parent),
            SpanKind.CLIENT,
            attributes,
            start_time=began_ns,
        ).end()

    def _of_record(self, batch: RecordBatch, carried: Carried, whole: Span) -> Span:
        envelope = from_headers(batch.headers[carried.place], _NO_TIME)
        offset: Attributes = {"messaging.kafka.offset": batch.offsets[carried.place]}
        links_to = [whole.get_span_context()]
        return self._start(batch, carried.parent, links_to, offset | message(envelope))

    def _start(
        self, batch: RecordBatch, parent: Context, links_to: Sequence[SpanContext], more: Attributes
    ) -> Span:
        common: Attributes = {
            "messaging.destination.partition.id": str(batch.partition),
            "messaging.consumer.group.name": self._group,
            "backbone.view": self._view,
        }
        return self._tracer.start_span(
            name("process", batch.topic),
            parent,
            SpanKind.CONSUMER,
            operation("process", "process", batch.topic) | common | more,
            links=links(links_to),
        )

    def _tell(
        self,
        batch: RecordBatch,
        outcomes: Outcomes,
        carried: Sequence[Carried],
        spans: Sequence[Span],
    ) -> None:
        applied = self._applied.setdefault(batch.partition, [])
        for each, span in zip(carried, spans, strict=True):
            outcome = outcomes[each.place]
            span.set_attribute("backbone.outcome", outcome.name.lower())
            if outcome is Outcome.POISON:
                fail(span, str(outcomes.poisons[each.place].reason))
            elif outcome is Outcome.APPLIED:
                applied.append((batch.offsets[each.place], span.get_span_context()))
        del applied[: -4 * MAX_TRACED]  # no more than two batches wait for the store
