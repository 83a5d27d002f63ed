"""A process of ours: its signals, its workers, and how it waits for what is not there yet."""

import faulthandler
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn, TypeVar

from backbone.backoff import Backoff
from backbone.errors import BackboneError, Transient
from backbone.logs import logger

T = TypeVar("T")
MANY_OBJECTS = 500_000
"""More than a batch has."""


def collect_rarely(new_objects: int = MANY_OBJECTS) -> None:
    """A batch is hundreds of thousands of objects that live for a moment and form no cycles.
    Looking for cycles after every 700 of them takes a good part of a source's time."""
    gc.freeze()  # what was imported stays
    gc.set_threshold(new_objects)


END_SECONDS = 25.0
"""From when a process is told to end until it has, whatever hangs. Compose and Kubernetes kill
after 30, and then nobody learns what it was."""
_LATER_SECONDS = 2.0


class Process:
    """Stops on SIGTERM and SIGINT: workers finish what they hold, close and leave their groups."""

    def __init__(self, end_seconds: float = END_SECONDS) -> None:
        self._end_seconds = end_seconds
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        self._log = logger("process")

    def stopping(self) -> bool:
        return self._stop.is_set()

    def catch_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())

    def until_it_answers(self, call: Callable[[], T]) -> T | None:
        """Repeat while a service is away, saying so; None when told to stop meanwhile."""
        backoff = Backoff(most_seconds=2.0)
        while not self.stopping():
            try:
                return call()
            except Transient as error:
                seconds = backoff.next_seconds(error)
                self._log.warning("waiting", reason=str(error), seconds=round(seconds, 2))
                self._stop.wait(seconds)
        return None

    def repeat(self, call: Callable[[], None], seconds: float) -> None:
        """Call at once and then every so many seconds, until told to stop. A service that is away,
        or that refuses us, is asked again at the next turn."""
        while not self.stopping():
            try:
                call()
            except BackboneError as error:
                self._log.warning("asked again later", reason=str(error), seconds=seconds)
            self._stop.wait(seconds)

    def beside(self, call: Callable[[], None], seconds: float) -> None:
        """Repeat in a thread of its own that keeps no process alive."""
        worker = partial(self._guard, partial(self.repeat, call, seconds))
        threading.Thread(target=worker, name="beside", daemon=True).start()

    def run(self, workers: Sequence[Callable[[], None]]) -> None:
        """Run each worker in a thread of its own until all have ended. The first that fails stops
        the others, and its error is raised once they are gone. Where one hangs the
        process ends without it: what it held is stored or will be read again, and its partitions
        are taken over."""
        threads = [threading.Thread(target=self._guard, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        until = float("inf")
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.05)  # the main thread stays free for signals
            if self.stopping() and until == float("inf"):
                until = time.monotonic() + self._end_seconds
                # a client that hangs with the interpreter in its hands lets nothing here go on
                faulthandler.dump_traceback_later(self._end_seconds + _LATER_SECONDS, exit=True)
            if time.monotonic() > until:
                self._leave()
        faulthandler.cancel_dump_traceback_later()
        if self._failures:
            raise self._failures[0]

    def _leave(self) -> NoReturn:
        """What is between here and the end of the interpreter would wait for the threads."""
        for failure in self._failures:
            self._log.error("failed", reason=str(failure))
        self._log.error("a worker did not end in time: left behind", seconds=self._end_seconds)
        faulthandler.dump_traceback(sys.stderr)  # where each thread is; of values it says nothing
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)

    def _guard(self, worker: Callable[[], None]) -> None:
        try:
            worker()
        except BaseException as error:  # noqa: BLE001 - raised again by run, in the main thread
            self._failures.append(error)
            self._stop.set()
