"""Polling a source for its next batches while the one before is published.

A backlog keeps four threads at work: one batch is published, the messages of the next two are made,
and the one behind them is polled, which is mostly waiting for the system of record.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

from backbone.log import Message
from backbone.source import Batch, Cursor, Source

_MAKERS = 2
DEPTH = _MAKERS + 1
"""How many batches are on their way at a time."""


class Polled(NamedTuple):
    """A batch, and what was made of it beforehand."""

    batch: Batch
    straight: Sequence[Message | None]


@dataclass(slots=True)
class Ahead:
    """A batch on its way. It may be left untaken: a poll changes nothing."""

    batch: Future[Batch] = field(default_factory=Future)
    straight: Future[Sequence[Message | None]] = field(default_factory=Future)

    def take(self) -> Polled:
        """Wait for the source's answer, or for what it raises."""
        return Polled(self.batch.result(), self.straight.result())


class LookAhead:
    """All polls of one source, in one thread of its own: never two at once. `make` is called with
    each batch in another: what it does without the interpreter goes on beside publishing."""

    def __init__(self, source: Source, make: Callable[[Batch], Sequence[Message | None]]) -> None:
        self._source = source
        self._make = make
        self._polling = ThreadPoolExecutor(1, thread_name_prefix=f"poll-{source.name}")
        self._making = ThreadPoolExecutor(_MAKERS, thread_name_prefix=f"make-{source.name}")

    def begin(self, cursor: Cursor | None) -> Ahead:
        ahead = Ahead()
        ahead.batch = self._polling.submit(self._poll, ahead, cursor)
        return ahead

    def behind(self, before: Ahead) -> Ahead:
        """What follows a batch that is on its way: polled as soon as that is, empty where that has
        nothing behind it."""
        ahead = Ahead()
        ahead.batch = self._polling.submit(self._poll_behind, ahead, before.batch)
        return ahead

    def _poll(self, ahead: Ahead, cursor: Cursor | None) -> Batch:
        batch = self._source.poll(cursor)
        ahead.straight = self._making.submit(self._make, batch)
        return batch

    def _poll_behind(self, ahead: Ahead, before: Future[Batch]) -> Batch:
        batch = before.result()  # polled in this thread: it is there, or raises again
        if batch.empty or batch.wait_seconds:
            ahead.straight.set_result(())
            return Batch(cursor=batch.cursor)
        return self._poll(ahead, batch.cursor)

    def close(self) -> None:
        """Once the last poll has ended, so has the source."""
        self._polling.shutdown(cancel_futures=True)
        self._making.shutdown(cancel_futures=True)
        self._source.close()
