"""Ceiling: pipelined SET from Python with commands packed beforehand, where there is no
redis-benchmark."""

import random
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bench.process import Stopwatch, serve
from cli import wiring

_PIPELINE = 64
_ANSWER = b"+OK\r\n"


def set_pipelined(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`count` SETs of `size` bytes over `keys` random keys, 64 on the way at a time."""
    count, size, keys = arguments["count"], arguments["size"], arguments["keys"]
    draw = random.Random(1)  # noqa: S311 - repeatable, not secret
    value = b"x" * size
    packed = [
        b"".join(_packed(draw.randrange(keys), value) for _ in range(_PIPELINE))
        for _ in range(count // _PIPELINE)
    ]
    url = urlsplit(wiring.settings().services.redis_url.get_secret_value())
    with socket.create_connection((url.hostname or "", url.port or 6379)) as connection:
        watch = Stopwatch()
        for commands in packed:
            connection.sendall(commands)
            _receive(connection, _PIPELINE * len(_ANSWER))
        watch.stop()
    return watch.figures(len(packed) * _PIPELINE)


def _receive(connection: socket.socket, size: int) -> None:
    while size:
        size -= len(connection.recv(size))


def _packed(key: int, value: bytes) -> bytes:
    return b"*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$%d\r\n%b\r\n" % (key, len(value), value)


if __name__ == "__main__":
    serve(set_pipelined)
