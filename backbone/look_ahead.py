"""Polling a source for its next batch while the one before is published."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from backbone.log import Message
from backbone.source import Batch, Cursor, Source


class Polled(NamedTuple):
    """A batch, and what was made of it beforehand."""

    batch: Batch
    straight: Sequence[Message | None]


class LookAhead:
    """All polls of one source, in one thread of its own: never two at once. `make` is called there
    too, with each batch: what it does without the interpreter goes on beside publishing."""

    def __init__(self, source: Source, make: Callable[[Batch], Sequence[Message | None]]) -> None:
        self._source = source
        self._make = make
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"poll-{source.name}")

    def poll(self, cursor: Cursor | None) -> Polled:
        """Wait for the source's answer, or for what it raises."""
        return self.begin(cursor)()

    def begin(self, cursor: Cursor | None) -> Callable[[], Polled]:
        """Gives what waits for the answer. It may be left uncalled: a poll changes nothing."""
        asked: Future[Polled] = self._thread.submit(self._polled, cursor)
        return asked.result

    def _polled(self, cursor: Cursor | None) -> Polled:
        batch = self._source.poll(cursor)
        return Polled(batch, self._make(batch))

    def close(self) -> None:
        """Once the last poll has ended, so has the source."""
        self._thread.shutdown(cancel_futures=True)
        self._source.close()
