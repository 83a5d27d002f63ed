"""Serving an application over HTTP, with granian in this very process."""

import asyncio
import signal
import socket
from typing import Final

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp

from backbone.errors import Fatal, Misconfigured
from backbone.logs import logger
from gateway import native_threads

_BACKLOG: Final = 1024  # also how many requests may be under way at once


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way, shut the app down and return.

    Takes the main thread and runs one event loop on it. One worker: more of them are more
    processes, each with its own metrics. The server's own threads have ended when it returns, so
    that the process may end at once. Raises Misconfigured when the address cannot be bound.
    """
    _require_free(host, port)
    threads = native_threads.count()
    try:
        asyncio.run(_serve(app, host, port))
    finally:
        native_threads.wait_until_ended(threads)


def _require_free(host: str, port: int) -> None:
    """The server shares its port with others of its kind in silence: ask before."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Misconfigured(
                f"the gateway cannot listen on {host}:{port} ({error.strerror}). Choose another "
                "address in BACKBONE_GATEWAY_ADDRESS, or end the process that has it"
            ) from error


async def _serve(app: ASGIApp, host: str, port: int) -> None:
    # Embedded, because granian's own workers are processes that import their application by name,
    # and ours is put together by the composition root.
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        backlog=_BACKLOG,
        log_enabled=False,
        log_access=False,
    )
    log = logger("gateway")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    log.info("gateway starting", host=host, port=port)
    try:
        await server.serve()
    except RuntimeError as error:
        raise Misconfigured(
            f"the gateway cannot listen on {host}:{port} ({str(error).splitlines()[0]}). "
            "Choose another port, or end the process that has it"
        ) from error
    if not server.interrupt_signal:
        raise Fatal(f"the gateway's server on {host}:{port} ended by itself; its log says why")
    log.info("gateway stopped")
