"""Polling a source for its next batch while the one before is published."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from backbone.source import Batch, Cursor, Source


class LookAhead:
    """All polls of one source, in one thread of its own: never two at once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"poll-{source.name}")

    def poll(self, cursor: Cursor | None) -> Batch:
        """Wait for the source's answer, or for what it raises."""
        return self.begin(cursor)()

    def begin(self, cursor: Cursor | None) -> Callable[[], Batch]:
        """Gives what waits for the answer. It may be left uncalled: a poll changes nothing."""
        asked: Future[Batch] = self._thread.submit(self._source.poll, cursor)
        return asked.result

    def close(self) -> None:
        """Once the last poll has ended, so has the source."""
        self._thread.shutdown(cancel_futures=True)
        self._source.close()
