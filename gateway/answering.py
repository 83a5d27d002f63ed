"""The one layer around every endpoint: method, problems, correlation id, metrics, sending.

One plain ASGI callable instead of a stack of middleware, because every request pays for it.
"""

import math
import os
import re
import traceback
from time import perf_counter
from typing import Any, Final

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from backbone.errors import BackboneError, Transient
from backbone.logs import logger
from backbone.metrics import GATEWAY_REQUESTS, GATEWAY_SECONDS
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

_SANE_CORRELATION_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_NO_BODY: Final = frozenset({204, 304})


class Answering:
    """An endpoint as an ASGI application. `route` is its template: the label of its metrics."""

    def __init__(self, route: str, endpoint: Endpoint) -> None:
        self._route = route
        self._endpoint = endpoint
        self._seconds = GATEWAY_SECONDS.labels(route)
        self._counters: dict[int, Any] = {}  # by status: looking one up costs more than counting
        self._log = logger("gateway")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request = Request(scope, receive)
        correlation_id = _correlation_id(request)
        reply = await self._reply(request, correlation_id)
        headers = [*reply.headers, (b"x-correlation-id", correlation_id.encode())]
        if reply.status not in _NO_BODY:
            headers.append((b"content-length", b"%d" % len(reply.body)))
        body = b"" if scope["method"] == "HEAD" else reply.body
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self._count(reply.status)
        self._seconds.observe(perf_counter() - started)

    def _count(self, status: int) -> None:
        counter = self._counters.get(status)
        if counter is None:
            counter = self._counters[status] = GATEWAY_REQUESTS.labels(self._route, status)
        counter.inc()

    async def _reply(self, request: Request, correlation_id: str) -> Reply:
        try:
            _require_reading(request)
            return await self._endpoint(request)
        except Problem as problem:
            told = problem
        except Transient as error:
            self._log.warning(
                "view store unavailable", correlation_id=correlation_id, error=str(error)
            )
            told = _unavailable(error)
        except Exception as error:  # noqa: BLE001 - whatever it was, the client gets a problem
            self._log_failure(error, correlation_id)
            told = Problem(
                INTERNAL, "The gateway could not answer. It was not the request's fault."
            )
        return problem_reply(told, raw_path(request.scope).decode("latin-1"), correlation_id)

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


def _require_reading(request: Request) -> None:
    if request.method not in {"GET", "HEAD"}:
        raise Problem(
            METHOD_NOT_ALLOWED,
            f"{request.method} is not possible here; GET and HEAD are.",
            headers=[(b"allow", b"GET, HEAD")],
        )


def _correlation_id(request: Request) -> str:
    given = first_header(request, b"x-correlation-id")
    if given is not None and _SANE_CORRELATION_ID.fullmatch(given):
        return given
    return _uuid4()


def _uuid4() -> str:
    """As `uuid.uuid4`, as text and in a third of its time."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def _unavailable(error: Transient) -> Problem:
    return Problem(
        STORE_UNAVAILABLE,
        "The view store did not answer in time.",
        headers=[retry_after(math.ceil(error.retry_after_seconds or 1))],
    )
