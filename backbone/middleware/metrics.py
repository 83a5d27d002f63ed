"""Metrics: records by outcome, and how long a batch took."""

import time

from backbone import metrics
from backbone.record import Middleware, Outcome, Outcomes, RecordBatch, Step


def measure(processor: str) -> Middleware:
    def wrap(step: Step) -> Step:
        def measured(batch: RecordBatch) -> Outcomes:
            began = time.perf_counter()
            outcomes = step(batch)
            metrics.BATCH_SECONDS.labels(processor).observe(time.perf_counter() - began)
            for outcome in Outcome:
                count = outcomes.count(outcome)
                if count:
                    metrics.RECORDS.labels(processor, outcome.name.lower()).inc(count)
            return outcomes

        return measured

    return wrap
