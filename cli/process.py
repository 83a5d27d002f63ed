"""A process of ours: its signals, its workers, and how it waits for what is not there yet."""

import gc
import signal
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

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


class Process:
    """Stops on SIGTERM and SIGINT: workers finish what they hold, close and leave their groups."""

    def __init__(self) -> None:
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
        the others, and its error is raised once they are gone."""
        threads = [threading.Thread(target=self._guard, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.05)  # the main thread stays free for signals
        if self._failures:
            raise self._failures[0]

    def _guard(self, worker: Callable[[], None]) -> None:
        try:
            worker()
        except BaseException as error:  # noqa: BLE001 - raised again by run, in the main thread
            self._failures.append(error)
            self._stop.set()
