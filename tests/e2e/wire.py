"""The network between a process and Redis, which can hold up what the process sends."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import urlsplit


class Wire:
    """Listens at `url` and passes everything on to Redis and back, until it is told to hold.

    What is held up is one command and whatever was sent behind it: nobody can call it back.
    """

    def __init__(self, redis_url: str) -> None:
        address = urlsplit(redis_url)
        self._redis = (address.hostname, address.port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._server]
        self._words: tuple[bytes, ...] = ()
        self._skipped = 0
        self._free = threading.Event()
        self._answered = b""
        self.holds = threading.Event()
        self.url = f"redis://127.0.0.1:{self._server.getsockname()[1]}/0"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._free.set()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def hold(self, *words: bytes, skip: int = 0) -> None:
        """Of the commands that contain all the words let `skip` through and keep the next one."""
        self._skipped = skip
        self._words = words

    def release(self) -> None:
        """Let it reach Redis after all."""
        self._words, self._answered = (), b""
        self._free.set()

    def answered(self) -> bytes:
        """What Redis has said since the release."""
        return self._answered

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                process, _ = self._server.accept()
                server = socket.create_connection(self._redis)
                self._sockets += [process, server]
                for pump in (self._send, self._answer):
                    threading.Thread(target=pump, args=(process, server), daemon=True).start()

    def _send(self, process: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), process.makefile("rb") as stream:
            for command in _commands(stream):
                if self._words and all(word in command for word in self._words):
                    self._pass_or_keep()
                server.sendall(command)

    def _pass_or_keep(self) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        self.holds.set()
        self._free.wait()

    def _answer(self, process: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                self._answered += data
                process.sendall(data)


def _commands(stream: BinaryIO) -> Iterator[bytes]:
    """Whole commands (RESP: `*` and a count, then strings, each behind `$` and its size)."""
    while line := stream.readline():
        parts = [line]
        for _ in range(int(line[1:])):
            size = stream.readline()
            parts += [size, stream.read(int(size[1:]) + len(b"\r\n"))]
        yield b"".join(parts)
