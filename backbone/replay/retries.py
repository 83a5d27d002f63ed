"""Retries: what a processor is to try again, read and written by the owner of the partition alone.

Beside the processor's topic, in the same thread and under the same claim:

1. `poll`: records of `retry.<name>`, from where the newest outcome says that the owner goes on.
2. `work`: they become the records they were, at their first position and order version, and go
   through the processor's step inside the middleware: what fails again is a dead letter again.
3. The effects are stored without moving the position in the processor's topic.
4. Once they are acknowledged the outcomes are appended to `replayed.<name>`, and with them the
   position in the retry topic.

Of many, the next are read while a fold's entries are rendered and outcomes are on their way: what
is only waited for costs this thread little.

A crash between 3 and 4 has them tried again: what is stored already is then newer, or the same.

Retries move no offset of their view, so nothing tells whether a store that came back as an older
copy has them. Where a partition is read again, what was told within a minute is tried again, too.
"""

import time
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from backbone import metrics
from backbone.log import Appender, Follower, Message, Reader
from backbone.logs import logger
from backbone.patience import Patience
from backbone.record import Middleware, Outcomes, RecordBatch, Step
from backbone.replay.originals import originals, told_of
from backbone.replay.outcomes import ToldColumns, reports, resume_at
from backbone.replay.retries_coming import Coming, RetriesComing
from backbone.replay.retry_headers import Stood
from backbone.replay.retry_texts import spoken, unspoken

_BUSY_SECONDS = 2.0
_PAUSE_SECONDS = 0.01
_MAY_BE_LOST_SECONDS = 60.0  # far more than a store that writes behind loses by a crash
_HAND_OVER_SECONDS = 1.0
_FEW = 1_000  # of so few nobody waits for the store beside other work


def _nothing() -> None:
    pass


class Owner(Protocol):
    """A processor that takes retries. Called from the Runner's thread, between two batches."""

    @property
    def name(self) -> str: ...
    @property
    def topic(self) -> str: ...

    def retry_below(self, partition: int) -> tuple[str, int] | None:
        """The id of its topic, and the offset below which a record may be tried again: it has
        passed those. None while the partition is not ours, or is built from the log."""

    def with_held(self, batch: RecordBatch) -> RecordBatch:
        """The batch with the facts that are held behind its records, where it holds any; they rise
        in offset. Given to `retry` in its place."""

    def retry(self, batch: RecordBatch) -> Outcomes:
        """As `Processor.step`, for records that were passed before. They rise in offset."""

    def commit_retry(self, batch: RecordBatch) -> int | None:
        """As `Processor.commit`, but the position in the processor's topic stays where it was."""

    def settle(self, partition: int) -> int | None:
        """Wait until what was committed is stored. Returns and raises as commit."""


@dataclass(frozen=True, slots=True)
class RetryBatch:
    """What is to be tried again in one partition; None: there is no more just now, so what became
    of those before may be told."""

    partition: int
    coming: Coming | None


class _BeingTold(NamedTuple):
    records: RecordBatch
    told: ToldColumns
    begun: "Future[None]"


class Retries:
    """Given to a Runner."""

    def __init__(
        self,
        owner: Owner,
        middleware: Sequence[Middleware],
        patience: Patience,
        log: "RetryLog",
    ) -> None:
        self._owner = owner
        self._patience = patience
        self._log = log
        self._waiting: set[int] = set()
        step: Step = self._of_owner
        for wrap in reversed(middleware):
            step = wrap(step)
        self._step = step
        self._logger = logger(f"retries.{owner.name}")
        self._busy_until = 0.0
        self._had_some = False
        self._untold: dict[int, tuple[RecordBatch, ToldColumns]] = {}
        self._coming = RetriesComing(log.follower)
        self._telling = ThreadPoolExecutor(1, "telling")
        self._being_told: _BeingTold | None = None
        self._recently: defaultdict[int, deque[tuple[float, int]]] = defaultdict(deque)

    def patience_seconds(self) -> float | None:
        """How long facts may be waited for: not at all behind a batch of retries, and not long
        while more are likely, for a run sends when it has heard of those before."""
        if self._had_some:
            return 0.0
        return _PAUSE_SECONDS if time.monotonic() < self._busy_until else None

    def start(self, partition: int) -> None:
        """The partition is ours: go on from its newest outcome. Or it is read again: then from that
        of a minute ago."""
        self.stop(partition)
        self._waiting.add(partition)
        self._busy_until = time.monotonic() + _BUSY_SECONDS  # some may wait there already

    def stop(self, partition: int) -> None:
        self._waiting.discard(partition)
        self._untold.pop(partition, None)
        if self._being_told is not None and self._being_told.records.partition == partition:
            wait([self._being_told.begun], _HAND_OVER_SECONDS)  # the next owner begins behind it
            self._being_told = None
        self._coming.stop(partition)

    def poll(self) -> Sequence[RetryBatch]:
        """Raises Transient, Fatal."""
        ready = [each for each in self._waiting if self._owner.retry_below(each) is not None]
        if ready:
            self._follow(sorted(ready))
        found = self._coming.poll()
        if not found and not self._untold:
            self._finish_telling()
        self._had_some = bool(found)
        if found:
            self._busy_until = time.monotonic() + _BUSY_SECONDS
        quiet = self._untold.keys() - {each.partition for each in found}
        return [
            *(RetryBatch(each.partition, each) for each in found),
            # behind those: while they are worked out the store writes what these wait for
            *(RetryBatch(partition, None) for partition in sorted(quiet)),
        ]

    def _follow(self, partitions: Sequence[int]) -> None:
        topic_id = self._log.topic_id()
        newest = self._log.reader.newest_of(self._log.replayed, partitions)
        for partition in partitions:
            start = resume_at(newest[partition], topic_id)
            start = min([start, *(began for _, began in self._recent(partition))])
            self._coming.start(partition, start)
            self._logger.info("retries followed", partition=partition, start=start)
            self._waiting.discard(partition)

    def _note(self, records: RecordBatch) -> None:
        self._recent(records.partition).append((time.monotonic(), records.offsets[0]))

    def _recent(self, partition: int) -> deque[tuple[float, int]]:
        """When within a minute something was told, and where that began."""
        told, now = self._recently[partition], time.monotonic()
        while told and now - told[0][0] > _MAY_BE_LOST_SECONDS:
            told.popleft()
        return told

    def work(self, retries: RetryBatch) -> int | None:
        """As `Processor.commit`. Raises Fatal, Abandoned."""
        partition, coming = retries.partition, retries.coming
        if coming is None:
            return self._settle(partition)
        below = self._owner.retry_below(partition)
        if below is None:
            self.start(partition)
            return None
        few = len(coming.opened.records) < _FEW
        again = self._try(coming, below, _nothing if few else self._coming.look_ahead)
        if again is None and few:
            again = self._settle(partition)  # a run waits for it
            self._finish_telling()
        return again

    def _try(
        self,
        coming: Coming,
        below: tuple[str, int],
        beside: Callable[[], None],
    ) -> int | None:
        """While these are worked out the store writes those before them."""
        records, place = coming.records, Stood(self._owner.topic, below[0], coming.partition)
        found = originals(*coming.opened, place, below[1])
        batch, outcomes = found.batch, Outcomes(0)
        if found.batch is not None:
            batch = self._owner.with_held(found.batch)
            outcomes = self._step(spoken(batch, found.batch, found.headers))
        again = self._settle(records.partition, beside)
        if again is None and batch is not None:
            again = self._patience.insist(lambda: self._owner.commit_retry(batch))
        if again is None:
            own = _of_retries(found.batch, batch, outcomes)
            told = told_of(found.marks, [(found, own)])
            self._untold[records.partition] = (records, told)
        return again

    def _of_owner(self, batch: RecordBatch) -> Outcomes:
        return self._owner.retry(unspoken(batch))

    def _settle(self, partition: int, beside: Callable[[], None] = _nothing) -> int | None:
        """Tell what became of those before, once it is stored; `beside`: what is done meanwhile."""
        if partition not in self._untold:
            beside()
            return None
        again = self._patience.insist(lambda: self._owner.settle(partition))
        records, told = self._untold.pop(partition)
        if again is None:
            self._finish_telling()
            self._note(records)
            begun = self._telling.submit(self._tell, records, told)
            self._being_told = _BeingTold(records, told, begun)
            beside()
        return again

    def _finish_telling(self) -> None:
        """Wait until what is being told stands in the log; mostly it does since long."""
        being, self._being_told = self._being_told, None
        if being is None:
            return
        records, told, begun = being
        first = [begun.result]
        self._patience.insist(lambda: first.pop()() if first else self._tell(records, told))
        for became, count in told.counted().items():
            metrics.REPLAYED.labels(self._owner.name, became).inc(count)

    def _tell(self, records: RecordBatch, told: ToldColumns) -> None:
        made = reports(records.topic_id, records.offsets[0], records.next_offset, told)
        topic, partition = self._log.replayed, records.partition
        self._log.appender.append([Message(topic, None, each, (), partition) for each in made])

    def close(self) -> None:
        self._telling.shutdown()
        self._coming.close()
        self._log.reader.close()


@dataclass(frozen=True, slots=True)
class RetryLog:
    """Where retries are read and outcomes told: the follower of the retry topic and that topic's
    id, the replayed topic's name, a reader that is kept for it, and how to append to it."""

    follower: Follower
    topic_id: Callable[[], str]
    replayed: str
    reader: Reader
    appender: Appender


def _of_retries(
    retries: RecordBatch | None, batch: RecordBatch | None, outcomes: Outcomes
) -> Outcomes:
    """Without those of the facts that were held: they are nobody's letters."""
    if retries is None or batch is None or retries is batch:
        return outcomes
    return outcomes.at([bisect_left(batch.offsets, offset) for offset in retries.offsets])
