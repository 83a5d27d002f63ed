"""ClickHouse's HTTP interface before an engine: as much of it as ordinary clients use.

`/ping`, and statements at `/` by GET or POST: settings, bound parameters, inserts in every format
of the engine, plain or encoded. Errors are answered with status 500, their text, and ClickHouse's
number in `X-ClickHouse-Exception-Code`. There are no users: it is for this machine alone.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from cli.stack.clickhouse_engine import Answer, EngineError, Runs
from cli.stack.clickhouse_statement import Refused, Statement, statement

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY_BYTES = 1024 * 1024 * 1024
_BAD_ARGUMENTS = 36
_OK, _NOT_FOUND, _TOO_LARGE, _FAILED = 200, 404, 413, 500


class HttpInterface:
    """An ASGI application. One thread runs the statements, in the order in which they came."""

    def __init__(self, engine: Runs) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, "engine")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["path"] == "/ping":
            await _answer(send, _OK, b"Ok.\n", {})
        elif scope["path"] == "/":
            await self._statement(scope, receive, send)
        else:
            await _answer(send, _NOT_FOUND, b"There is no such handle: ask / or /ping\n", {})

    async def _statement(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await _answer(send, _TOO_LARGE, b"The body is too large\n", {})
            return
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        arguments, encoding = dict(pairs), _header(scope, b"content-encoding")
        asked_id = arguments.get("query_id") or str(uuid4())
        try:
            asked = statement(arguments, body, encoding)
            loop = asyncio.get_running_loop()
            # a client that has gone away changes nothing: what has begun runs to its end
            found = await loop.run_in_executor(self._thread, self._engine.run, asked)
        except Refused as error:
            await _fail(send, f"Code: {_BAD_ARGUMENTS}. {error}", _BAD_ARGUMENTS)
        except EngineError as error:
            await _fail(send, str(error), error.code)
        else:
            await _answer(send, _OK, found.data, _told(asked, found, asked_id))


def _told(asked: Statement, found: Answer, query_id: str) -> Mapping[str, str]:
    summary = {"read_rows": str(found.rows_read), "written_rows": str(found.rows_written)}
    return {
        "X-ClickHouse-Format": asked.output,
        "X-ClickHouse-Query-Id": query_id,
        "X-ClickHouse-Summary": json.dumps(summary),
        "X-ClickHouse-Timezone": "UTC",
    }


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return


async def _body(receive: Receive) -> bytes | None:
    """None when it is larger than anybody should send."""
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            return None
        if not event.get("more_body"):
            return b"".join(parts)


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _fail(send: Send, text: str, code: int) -> None:
    await _answer(send, _FAILED, text.encode() + b"\n", {"X-ClickHouse-Exception-Code": str(code)})


async def _answer(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    shown = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Length": str(len(body)),
        "X-ClickHouse-Server-Display-Name": "embedded",
        **headers,
    }
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in shown.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
