"""A connection that is given up when its answers do not come in time."""

import math
import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")
_WAKE_SECONDS = 0.1


class NoAnswerError(psycopg.OperationalError):
    """The deadline has passed, and the connection is closed."""


class PunctualConnection(psycopg.Connection[Any]):
    """Every answer must come before `deadline` (of time.monotonic).

    The server's own statement_timeout does not help where the server is frozen, or the network
    between: its kernel still acknowledges, so that the client would wait for ever.
    """

    deadline = math.inf

    def wait(
        self, gen: PQGen[T], interval: float = _WAKE_SECONDS, timeout: float | None = None
    ) -> T:
        """As psycopg's, which calls it for everything it sends; raises NoAnswerError."""
        left = max(0.0, self.deadline - time.monotonic())
        if timeout is not None:
            left = min(left, timeout)
        try:
            return super().wait(gen, interval, left if math.isfinite(left) else None)
        except psycopg.OperationalError as error:
            if time.monotonic() < self.deadline or error.sqlstate:
                raise
            self.close()  # else ending the transaction would be waited for as well
            raise NoAnswerError("no answer in time") from None
