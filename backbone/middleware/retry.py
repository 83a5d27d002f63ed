"""Retry: a Transient is waited out in place, however long it takes.

A registry or store that is away is not poison, and a record that was skipped is lost: so there is
no limit of tries. The wait keeps the worker in its group; lag and `backbone_retries_total` alarm.
"""

from backbone.patience import Patience
from backbone.record import Middleware, Outcomes, RecordBatch, Step


def retry(patience: Patience) -> Middleware:
    def wrap(step: Step) -> Step:
        def retried(batch: RecordBatch) -> Outcomes:
            return patience.insist(lambda: step(batch))

        return retried

    return wrap
