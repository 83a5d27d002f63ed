"""The Runner: one loop that owns order and commits for a processor.

1. `_poll`: batches of consecutive records, one partition each, and the ends reached.
2. `_handle`: the step inside its middleware; outcomes, nothing durable yet.
3. Dead letters are acknowledged within 2, by their middleware: before the position moves.
4. `_commit`: the processor makes its effects durable together with the position.

What is to be tried again (`backbone/replay/retries.py`) takes its turn between two polls.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from backbone.log import End, Subscription
from backbone.logs import logger
from backbone.patience import Abandoned, Patience
from backbone.record import Middleware, Outcomes, RecordBatch, Step
from backbone.replay.retries import Retries, RetryBatch


class Processor(Protocol):
    """What a Runner drives: a step whose effects become durable when it is told to commit.

    Called from one thread: assigned, then for each batch `step` (again after a Transient) and
    `commit`, `idle` when an end was reached, and revoked or lost at the end.
    """

    name: str

    def assigned(self, partition: int, topic_id: str) -> int:
        """Take the partition over; return the offset to start at, or `BEGINNING`. Raises
        Transient, Fatal."""

    def revoked(self, partition: int) -> None:
        """Wait for what was committed, forget what is staged and let go. Never raises."""

    def lost(self, partition: int) -> None:
        """As revoked; somebody else may be writing already. Never raises."""

    def step(self, batch: RecordBatch) -> Outcomes:
        """Work a batch out and stage its effects; see `backbone.record.Step`."""

    def commit(self, batch: RecordBatch) -> int | None:
        """Make the staged effects of `batch` durable with its next offset, all or nothing, and
        never twice. It need not wait for the store to say so: errors may then be told by the next
        commit or idle, as long as nothing later becomes durable before; where the partition is
        handed over first, the next owner reads again. Raises Transient
        (it will be called again), Fenced, Fatal. Returns None, or the offset to read again from
        where the store turned out to be behind."""

    def idle(self, end: End) -> int | None:
        """The end of a partition was seen at `end.seen_ms`: a chance to say how current the
        effects are. Returns and raises as commit."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a poll takes and how long it waits for it."""

    max_records: int = 30_000
    poll_seconds: float = 0.5


class Runner:
    """Runs one processor on its topic, inside `middleware` (the visible stack, outermost first)."""

    def __init__(
        self,
        processor: Processor,
        middleware: Sequence[Middleware],
        patience: Patience,
        pace: Pace | None = None,
        retries: Retries | None = None,
    ) -> None:
        self._processor = processor
        self._retries = retries
        self._patience = patience
        self._pace = pace or Pace()
        # every assignment and rewind of a partition has a number of its own: what was fetched
        # under an earlier one must not be worked on under a later one
        self._owned: dict[int, int] = {}
        self._assignments = 0
        self._working_on: tuple[int, int] | None = None  # partition, number of its assignment
        self._stop: Callable[[], bool] = lambda: False
        self._log = logger(f"runner.{processor.name}")
        step: Step = processor.step
        for wrap in reversed(middleware):
            step = wrap(step)
        self._step = step

    @property
    def partitions(self) -> Sequence[int]:
        """Those that are ours."""
        return sorted(self._owned)

    # what the group says

    def assigned(self, partition: int, topic_id: str) -> int:
        start = self._processor.assigned(partition, topic_id)
        self._renew(partition)
        self._log.info("partition assigned", partition=partition, start=start)
        return start

    def revoked(self, partition: int) -> None:
        self._drop(partition)
        self._processor.revoked(partition)
        self._log.info("partition handed over", partition=partition)

    def lost(self, partition: int) -> None:
        self._drop(partition)
        self._processor.lost(partition)
        self._log.warning("partition lost: another worker has it", partition=partition)

    def _drop(self, partition: int) -> None:
        self._owned.pop(partition, None)
        if self._retries is not None:
            self._retries.stop(partition)

    # the loop

    def run(self, subscription: Subscription, stop: Callable[[], bool]) -> None:
        """Until told to stop. Raises Fatal; Transients are waited out here, in place."""
        self._stop = stop
        self._patience.attach(subscription.keep_alive, self._worth_it)
        with suppress(Abandoned):  # told to stop while waiting for a service
            while not stop():
                self._round(subscription)

    def close(self) -> None:
        """Once the subscription is closed: let go of what retries are read with."""
        if self._retries is not None:
            self._retries.close()

    def _round(self, subscription: Subscription) -> None:
        self._working_on = None
        events: list[RecordBatch | RetryBatch | End] = []
        events += self._patience.insist(lambda: self._poll(subscription))
        if self._retries is not None:
            events += self._patience.insist(self._retries.poll)
        fetched_under = dict(self._owned)
        for event in events:
            if event.partition in fetched_under:
                self._working_on = (event.partition, fetched_under[event.partition])
                self._serve(subscription, event)

    def _renew(self, partition: int) -> None:
        self._assignments += 1
        self._owned[partition] = self._assignments
        if self._retries is not None:
            self._retries.start(partition)

    def _worth_it(self) -> bool:
        return self._ours() and not self._stop()

    def _ours(self) -> bool:
        if self._working_on is None:
            return True
        partition, assignment = self._working_on
        return self._owned.get(partition) == assignment

    def _poll(self, subscription: Subscription) -> Sequence[RecordBatch | End]:
        seconds = self._retries.patience_seconds() if self._retries is not None else None
        waits = self._pace.poll_seconds if seconds is None else seconds
        return subscription.poll(self._pace.max_records, waits)

    def _serve(self, subscription: Subscription, event: RecordBatch | RetryBatch | End) -> None:
        if not self._ours():
            return
        try:
            again = self._attend(event)
        except Abandoned:
            if self._ours():
                raise  # told to stop: whatever else was fetched stands behind what was given up
            return
        if again is not None and self._ours():
            self._log.warning("reading again", partition=event.partition, offset=again)
            self._renew(event.partition)
            subscription.rewind(event.partition, again)

    def _attend(self, event: RecordBatch | RetryBatch | End) -> int | None:
        if isinstance(event, End):
            return self._idle(event)
        if isinstance(event, RetryBatch):
            return self._retries.work(event) if self._retries is not None else None
        return self._work(event)

    def _work(self, batch: RecordBatch) -> int | None:
        self._handle(batch)
        return self._commit(batch)

    def _handle(self, batch: RecordBatch) -> None:
        self._step(batch)

    def _commit(self, batch: RecordBatch) -> int | None:
        return self._patience.insist(lambda: self._processor.commit(batch))

    def _idle(self, end: End) -> int | None:
        return self._patience.insist(lambda: self._processor.idle(end))
