"""Candidate and ceiling in one server: the gateway, and beside its routes one whose answer is
ready. Runs until it is told to end."""

import os
import sys
from typing import Final, cast

from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from backbone import logs
from cli import wiring
from cli.process import collect_rarely
from gateway.app import build_app
from gateway.routing import PathRoute
from gateway.server import serve

STATIC: Final = "/static"


def static(body: bytes) -> ASGIApp:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]

    async def answer(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


def main() -> None:
    """The size of the ready answer is the only argument; where to listen is a setting."""
    logs.configure("warning", human=False)
    collect_rarely(50_000)
    app = cast("Router", build_app(wiring.served_views(), wiring.view_reader()))
    # the gateway's hottest route stays in front: the ceiling pays for one look more
    app.routes.insert(1, PathRoute(STATIC, static(b"x" * int(sys.argv[1]))))
    host, _, port = os.environ["BACKBONE_GATEWAY_ADDRESS"].rpartition(":")
    serve(app, host, int(port))


if __name__ == "__main__":
    main()
