"""Schemas that are read by id over plain HTTP, and what is left to the other registry."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from backbone.registry.memory import MemoryRegistry
from backbone.registry.reading import ReadingRegistry

TEXT = '{"type": "record", "name": "T", "fields": []}'
Rest = Callable[[], MemoryRegistry]


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[str]]]:
    """A server that always says the same; gives its address and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}/apis/v7", asked
    finally:
        server.shutdown()
        server.server_close()


def never() -> MemoryRegistry:
    raise AssertionError("the other registry was made")


def knowing(text: str) -> Rest:
    made = MemoryRegistry()
    made.register("subject", text)
    return lambda: made


def test_a_plain_answer_needs_no_other_registry() -> None:
    with answering(200, b'{"schema": "\\"string\\""}') as (place, asked):
        assert ReadingRegistry(f"http://{place}/", never).schema(7) == '"string"'
    assert asked == ["/apis/v7/schemas/ids/7"]


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b'{"error_code": 40403}'), (503, b""), (200, b"<html>"), (200, b"[]"), (200, b"{}")],
)
def test_what_is_no_plain_answer_is_for_the_other_one_to_judge(status: int, body: bytes) -> None:
    with answering(status, body) as (place, _):
        found = ReadingRegistry(f"http://{place}", knowing(TEXT))
        assert found.schema(1) == MemoryRegistry.schema(knowing(TEXT)(), 1)
        assert found.schema(2) is None


@pytest.mark.parametrize("begin", ["https://", "http://user:password@"])
def test_who_needs_credentials_or_a_certificate_is_asked_by_the_other_one(begin: str) -> None:
    with answering(200, b'{"schema": "wrong"}') as (place, asked):
        assert ReadingRegistry(f"{begin}{place}", knowing(TEXT)).schema(1) != "wrong"
    assert asked == []


def test_nobody_there_is_for_the_other_one_to_say() -> None:
    assert ReadingRegistry("http://127.0.0.1:1", knowing(TEXT)).schema(2) is None


def test_all_else_is_the_other_one_s() -> None:
    found = ReadingRegistry("http://127.0.0.1:1", knowing(TEXT))

    assert found.lookup("subject", TEXT) == found.register("subject", TEXT) == 1
    assert found.versions("subject") == knowing(TEXT)().versions("subject")
    assert found.compatible("subject", TEXT) == []
