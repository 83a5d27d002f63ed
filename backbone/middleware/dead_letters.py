"""Dead letters: poisoned records are written and acknowledged before the position moves.

When most of a batch would be poison something else is wrong (a bad deployment, a foreign producer)
and parking everything would hide it: the worker stops instead and lets lag alarm. That is decided
before the first write, for writes cannot be undone.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from backbone import metrics
from backbone.dead_letters import from_record
from backbone.errors import Fatal, PoisonReason
from backbone.log import Appender
from backbone.logs import logger
from backbone.record import Middleware, Outcome, Outcomes, RecordBatch, Step

SYSTEMIC_RECORDS = 100
"""Fewer poisoned records than this are parked whatever their share: a small batch proves little."""
SYSTEMIC_SHARE = 0.5


def dead_letters(
    processor: str,
    appender: Appender,
    may_stop: Callable[[int], bool] = lambda _: True,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Middleware:
    """Raises Fatal when most of a batch is poison, and what `Appender.append` raises: when a dead
    letter cannot be written the batch is not committed, so nothing is lost.

    `may_stop(partition)` False switches the stop off: while a view is built again from the log
    (what stands there was judged when it came, and stopping would leave it unbuilt for ever), and
    when an operator says `--park-all`.
    """

    def wrap(step: Step) -> Step:
        def guarded(batch: RecordBatch) -> Outcomes:
            outcomes = step(batch)
            if outcomes.poisons:
                if may_stop(batch.partition):
                    _refuse_systemic(processor, batch, outcomes)
                appender.append(
                    [
                        from_record(processor, batch.record(index), poison, now())
                        for index, poison in sorted(outcomes.poisons.items())
                    ]
                )
                for poison in outcomes.poisons.values():
                    metrics.DEAD_LETTERS.labels(processor, str(poison.reason)).inc()
                _say(processor, batch, outcomes)
            return outcomes

        return guarded

    return wrap


def _say(processor: str, batch: RecordBatch, outcomes: Outcomes) -> None:
    """A line for each reason in a batch, and no more: what a poison says may quote the fact."""
    firsts: dict[PoisonReason, int] = {}
    for index, poison in sorted(outcomes.poisons.items()):
        firsts.setdefault(poison.reason, index)
    counts = Counter(poison.reason for poison in outcomes.poisons.values())
    for reason, first in firsts.items():
        logger(f"dead_letters.{processor}").warning(
            "parked",
            count=counts[reason],
            code=str(reason),
            first=str(batch.position(first)),
            see=f"backbone dlq causes {processor}",
        )


def _refuse_systemic(processor: str, batch: RecordBatch, outcomes: Outcomes) -> None:
    count = outcomes.count(Outcome.POISON)
    if count < SYSTEMIC_RECORDS or count < SYSTEMIC_SHARE * len(batch):
        return
    first_index, first = min(outcomes.poisons.items())
    raise Fatal(
        f"{count} of {len(batch)} records from {batch.position(0)} on are poison for {processor}, "
        f"the first ({batch.position(first_index)}): {first}. Nothing was parked and the position "
        "did not move: mend the cause (a bad deployment, a foreign producer), then start again; "
        "if the records are what they are, start once with --park-all"
    )
