"""Agreement: no batch is worked on while a contract of its facts has drifted from the registry.

Inside of `retry`, which waits in place until they agree again (docs/contract-drift.md).
"""

from collections.abc import Collection

from backbone.record import Middleware, Outcomes, RecordBatch, Step
from backbone.registry.agreement import Agreement


def agreed(agreement: Agreement, facts: Collection[str]) -> Middleware:
    def wrap(step: Step) -> Step:
        def guarded(batch: RecordBatch) -> Outcomes:
            agreement.require(facts)
            return step(batch)

        return guarded

    return wrap
