"""Stands between a loader and ClickHouse, and swallows answers when it is told to.

The statement has run by then: what it inserted is there, and nobody says so.
"""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_INSERT = b"insert_deduplication_token="
_BYTES = 1 << 16


class SwallowingProxy:
    """`swallow` so many answers to inserts: the connection is closed instead."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._target = (place.hostname or "", place.port or 0)
        self._server = socket.create_server(("127.0.0.1", 0))
        port = self._server.getsockname()[1]
        self.url = place._replace(netloc=f"127.0.0.1:{port}").geturl()
        self.swallow = 0
        self.swallowed = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(self._target) as server:
            asked = _Asked()
            threading.Thread(target=asked.forward, args=(client, server), daemon=True).start()
            while answer := server.recv(_BYTES):
                if self.swallow and asked.is_insert:
                    self.swallow -= 1
                    self.swallowed += 1
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(answer)


class _Asked:
    """What was asked last on a connection."""

    def __init__(self) -> None:
        self.is_insert = False

    def forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while part := client.recv(_BYTES):
                if part.startswith((b"POST ", b"GET ")):
                    self.is_insert = _INSERT in part.partition(b"\r\n")[0]
                server.sendall(part)
            server.shutdown(socket.SHUT_WR)
