"""Tracing: spans around a step for the records whose headers carry a trace that is recorded.

Outermost, so that waiting for services and writing dead letters are within. Nothing is made for a
batch without such records; but all headers are looked at, which is what tracing costs. Old records
are left alone: their traces are over, and a view that is built again from a long log has many.
"""

import time
from collections.abc import Callable, Iterator, Sequence

from backbone.record import Headers, Middleware, Outcomes, RecordBatch, Step, last_header
from backbone.tracing.conventions import MAX_TRACED, recorded, says_recorded
from backbone.tracing.view_spans import Carried, ViewSpans

RECENT_SECONDS = 3_600.0


def trace(spans: ViewSpans, now: Callable[[], float] = time.time) -> Middleware:
    def wrap(step: Step) -> Step:
        def traced(batch: RecordBatch) -> Outcomes:
            since_ms = (now() - RECENT_SECONDS) * 1000
            places = [
                place
                for place, published_ms in enumerate(batch.timestamps_ms)
                if published_ms >= since_ms and _traced(batch.headers[place])
            ]
            carried = [*_carried(batch, places[:MAX_TRACED])]
            if not carried:
                return step(batch)
            return spans.process(step, batch, carried, len(places) - len(carried))

        return traced

    return wrap


def _traced(headers: Headers) -> bool:
    return any(
        name == "traceparent" and value is not None and says_recorded(value)
        for name, value in headers
    )


def _carried(batch: RecordBatch, places: Sequence[int]) -> Iterator[Carried]:
    """Nothing for what is malformed, as W3C has it: no fact fails because of its trace."""
    for place in places:
        traceparent = last_header(batch.headers[place], "traceparent") or b""
        tracestate = last_header(batch.headers[place], "tracestate")
        parent = recorded(
            traceparent.decode(errors="replace"),
            None if tracestate is None else tracestate.decode(errors="replace"),
        )
        if parent is not None:
            yield Carried(place, parent)
