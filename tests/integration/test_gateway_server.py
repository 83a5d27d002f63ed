"""The gateway on a real port, in a process of its own, as `backbone run gateway` starts it."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from backbone.errors import Misconfigured
from backbone.views.memory_store import MemoryViews
from gateway.app import build_app
from gateway.server import serve

# A gateway whose one view answers the key "slow" only after a line on its standard input.
PROGRAM = """
import asyncio, sys
from backbone import logs
from backbone.views.memory_store import MemoryViews
from backbone.views.store import Entry, Part, Status, ViewId
from gateway.app import build_app
from gateway.served_view import ServedView
from gateway.server import serve

logs.configure("error")
VIEW = ViewId("prices", 1, 1)
views = MemoryViews()
writer = views.writer()
token = writer.claim(VIEW, 0).token
writer.start(VIEW, 0, token, Status("topic-1", 0, 0, 0, 0))
entry = Entry({"amount": "2.55"}, 1, 1, "id", "shop", "1", 0, 0)
keys = ("85123A", "a/b", "slow")
writer.write(VIEW, 0, token, Part(0, dict.fromkeys(keys, entry), Status("topic-1", 9, 0, 1, 1)))

class Reader:
    def __init__(self, inner):
        self.page, self.statuses = inner.page, inner.statuses
        self._inner = inner

    async def get(self, view, key):
        if key == "slow":
            print("reading", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
        return await self._inner.get(view, key)

    async def close(self):
        print("closed", flush=True)

served = ServedView(VIEW, "", "code", 60, "x")
serve(build_app([served], Reader(views.reader())), "127.0.0.1", int(sys.argv[1]))
print("returned", flush=True)
"""

# Threads of the server's own come back late from waking the loop, and the interpreter takes its
# time to shut down: what a busy machine does once in many runs, every time.
LATE_THREADS = """
import sys, threading, time
from asyncio.selector_events import BaseSelectorEventLoop as Loop

class LongShutdown:
    now = staticmethod(time.monotonic)

    def __del__(self):
        end = self.now() + 0.2
        while self.now() < end:
            pass

def wake_and_come_back_late(loop, wake=Loop._write_to_self):
    wake(loop)
    if isinstance(threading.current_thread(), threading._DummyThread):
        threading.Event().wait(0.05)

Loop._write_to_self = wake_and_come_back_late
sys.long_shutdown = LongShutdown()
"""


class Server:
    """The process, the port it serves on, and what it said."""

    def __init__(self, program: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(self.port)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._wait_until(listening=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next_line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def answer_the_slow_read(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def wait_until_it_takes_no_more(self) -> None:
        self._wait_until(listening=False)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _wait_until(self, *, listening: bool) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            if is_listening(self.port) is listening:
                return
        raise AssertionError(f"the server did not get to listening={listening} in 20 seconds")


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(PROGRAM)
    yield made
    made.close()


@pytest.fixture
def late_server() -> Iterator[Server]:
    made = Server(LATE_THREADS + PROGRAM)
    yield made
    made.close()


def test_views_are_read_over_http(server: Server) -> None:
    response = httpx.get(f"{server.url}/v1/prices/a%2Fb", headers={"X-Correlation-ID": "c-1"})
    assert response.status_code == 200
    assert response.json()["data"] == {"amount": "2.55"}
    assert response.json()["meta"]["key"] == "a/b"
    assert response.headers["x-correlation-id"] == "c-1"


def test_head_and_304_carry_no_body_and_keep_the_connection(server: Server) -> None:
    with httpx.Client(base_url=server.url) as client:
        full = client.get("/v1/prices/85123A")
        head = client.head("/v1/prices/85123A")
        same = client.get("/v1/prices/85123A", headers={"If-None-Match": full.headers["etag"]})
        after = client.get("/v1/prices/85123A")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(full.content))
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == full.headers["etag"]
    assert after.content == full.content


def test_many_requests_at_once_are_answered(server: Server) -> None:
    codes: list[int] = []

    def read_a_lot() -> None:
        with httpx.Client(base_url=server.url) as client:
            codes.extend(client.get("/v1/prices/85123A").status_code for _ in range(100))

    threads = [threading.Thread(target=read_a_lot) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 800


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_after_what_is_under_way(
    server: Server, number: signal.Signals
) -> None:
    assert end_during_a_slow_read(server, number) == 0


def test_the_process_ends_well_when_the_servers_own_threads_are_late(late_server: Server) -> None:
    assert end_during_a_slow_read(late_server, signal.SIGINT) == 0


def end_during_a_slow_read(server: Server, number: signal.Signals) -> int:
    """Check that what is under way is answered and the app closed; the process' exit code."""
    answers: list[httpx.Response] = []
    slow = threading.Thread(
        target=lambda: answers.append(httpx.get(f"{server.url}/v1/prices/slow", timeout=20))
    )
    slow.start()
    assert server.next_line() == "reading"

    server.process.send_signal(number)
    server.wait_until_it_takes_no_more()
    server.answer_the_slow_read()
    slow.join(timeout=20)

    assert [answer.status_code for answer in answers] == [200]
    assert server.next_line() == "closed"
    assert server.next_line() == "returned"
    return server.process.wait(timeout=20)


def test_a_port_that_is_taken_is_misconfigured() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Misconfigured, match=f"cannot listen on 127.0.0.1:{port} .*in use"):
            serve(build_app([], MemoryViews().reader()), "127.0.0.1", port)
