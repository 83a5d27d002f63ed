"""Waiting in place: a Transient means try the same again, without leaving the group."""

from collections.abc import Callable
from typing import TypeVar

from backbone import metrics
from backbone.backoff import Backoff
from backbone.errors import Transient
from backbone.logs import logger

T = TypeVar("T")


class Abandoned(Exception):
    """The partition in work went to another worker, or the process is to stop, while waiting."""


class Patience:
    """Repeats a call until it stops raising Transient.

    The Runner attaches how to wait (`keep_alive(seconds)`: stay in the group without reading) and
    how to tell whether the work is still worth it; the retry middleware and the commit share one.
    """

    def __init__(self, name: str, backoff: Backoff | None = None) -> None:
        self._name = name
        self._backoff = backoff or Backoff()
        self._keep_alive: Callable[[float], None] = lambda _: None
        self._worth_it: Callable[[], bool] = lambda: True
        self._log = logger(f"runner.{name}")

    def attach(self, keep_alive: Callable[[float], None], worth_it: Callable[[], bool]) -> None:
        self._keep_alive, self._worth_it = keep_alive, worth_it

    def insist(self, call: Callable[[], T]) -> T:
        """Raises Abandoned when the work is no longer ours, and whatever else `call` raises."""
        while True:
            try:
                result = call()
            except Transient as error:
                self._wait(error)
            else:
                self._backoff.reset()
                return result

    def _wait(self, error: Transient) -> None:
        seconds = self._backoff.next_seconds(error)
        metrics.RETRIES.labels(self._name).inc()
        self._log.warning("waiting", reason=str(error), seconds=round(seconds, 2))
        self._keep_alive(seconds)
        if not self._worth_it():
            raise Abandoned from error
