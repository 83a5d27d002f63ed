"""The one layer around every endpoint: method, problems, correlation id, metrics, sending.

One plain ASGI callable instead of a stack of middleware, because every request pays for it.
"""

import math
import re
import traceback
from collections.abc import Iterator
from itertools import count
from time import perf_counter
from typing import Final
from uuid import uuid4

from starlette.types import Receive, Scope, Send

from backbone.errors import BackboneError, Transient
from backbone.logs import logger
from backbone.request_metrics import requests_of
from gateway.problem import (
    INTERNAL,
    METHOD_NOT_ALLOWED,
    STORE_UNAVAILABLE,
    Problem,
    problem_reply,
    retry_after,
)
from gateway.reply import Endpoint, Reply
from gateway.request_headers import first_header
from gateway.routing import raw_path

_SANE_CORRELATION_ID: Final = re.compile(rb"[\x21-\x7e]{1,128}")
_READING: Final = frozenset({"GET", "HEAD"})
_NO_BODY: Final = frozenset({204, 304})
_TWELVE_DIGITS: Final = 0xFFFFFFFFFFFF


class Answering:
    """An endpoint as an ASGI application. `route` is its template: the label of its metrics."""

    def __init__(self, route: str, endpoint: Endpoint) -> None:
        self._route = route
        self._endpoint = endpoint
        self._count = requests_of(route).count
        self._log = logger("gateway")

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        started = perf_counter()
        correlation_id = _correlation_id(scope)
        try:
            _require_reading(scope["method"])
            status, given, body = await self._endpoint(scope)
        except Exception as error:  # noqa: BLE001 - whatever it was, the client gets a problem
            status, given, body = self._told(error, scope, correlation_id.decode())
        headers = [*given, (b"x-correlation-id", correlation_id)]
        if status not in _NO_BODY:
            headers.append((b"content-length", b"%d" % len(body)))
        if scope["method"] == "HEAD":
            body = b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self._count(status, perf_counter() - started)

    def _told(self, error: Exception, scope: Scope, correlation_id: str) -> Reply:
        if isinstance(error, Problem):
            told = error
        elif isinstance(error, Transient):
            self._log.warning(
                "view store unavailable", correlation_id=correlation_id, error=str(error)
            )
            told = _unavailable(error)
        else:
            self._log_failure(error, correlation_id)
            told = Problem(
                INTERNAL, "The gateway could not answer. It was not the request's fault."
            )
        return problem_reply(told, raw_path(scope).decode("latin-1"), correlation_id)

    def _log_failure(self, error: Exception, correlation_id: str) -> None:
        """Where it happened, without a stranger's words: they may quote a payload."""
        self._log.error(
            "request failed",
            correlation_id=correlation_id,
            route=self._route,
            error=type(error).__name__,
            message=str(error) if isinstance(error, BackboneError) else None,
            traceback=traceback.format_tb(error.__traceback__),
        )


def _require_reading(method: str) -> None:
    if method not in _READING:
        raise Problem(
            METHOD_NOT_ALLOWED,
            f"{method} is not possible here; GET and HEAD are.",
            headers=[(b"allow", b"GET, HEAD")],
        )


def _correlation_id(scope: Scope) -> bytes:
    given = first_header(scope, b"x-correlation-id")
    if given is not None and _SANE_CORRELATION_ID.fullmatch(given):
        return given
    return next(_CORRELATION_IDS)


def _correlation_ids() -> Iterator[bytes]:
    """UUIDs (version 4 in form) that differ in their last digits within a process and in all others
    between processes: one number is drawn, then counted on from. They name requests and keep no
    secret; a `uuid.uuid4` each costs a call of the system."""
    drawn = str(uuid4()).encode()
    start = int(drawn[24:], 16)
    for number in count(start):
        yield b"%b%012x" % (drawn[:24], number & _TWELVE_DIGITS)


_CORRELATION_IDS: Final = _correlation_ids()


def _unavailable(error: Transient) -> Problem:
    return Problem(
        STORE_UNAVAILABLE,
        "The view store did not answer in time.",
        headers=[retry_after(math.ceil(error.retry_after_seconds or 1))],
    )
