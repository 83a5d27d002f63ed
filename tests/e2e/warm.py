"""Processes that begin with what they need already imported: tests/e2e/warm_server.py."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from tests.e2e.warm_server import OURS

SERVER = Path(__file__).with_name("warm_server.py")
ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "_RJEM_MALLOC_CONF": "background_thread:false",  # of Polars
}


class WarmProcess:
    """As a subprocess.Popen, of one's own child or not."""

    def __init__(self, args: Sequence[str], teller: socket.socket) -> None:
        self.args = args
        self.pid = int(teller.recv(64))
        self.returncode: int | None = None
        self._teller = teller
        self._reading = threading.Lock()  # a test's watchers ask beside the test

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # ended just now
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        with suppress(ValueError):  # closed just now
            if self.returncode is None and select.select([self._teller], [], [], timeout)[0]:
                self._read()
        return self.returncode

    def _read(self) -> None:
        with self._reading:
            if self.returncode is None:  # nobody else has read it meanwhile
                self.returncode = int(self._teller.recv(64))
                self._teller.close()


class Warm:
    """Starts `python -m <arguments>`. One for all tests of a run."""

    def __init__(self) -> None:
        self._of_others, others = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._of_ours, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with others, ours:
            handed = (others.fileno(), ours.fileno())
            self._server = subprocess.Popen(
                [sys.executable, str(SERVER), *map(str, handed)],
                env={**os.environ, **ONE_THREAD},
                stdin=subprocess.DEVNULL,
                pass_fds=handed,
            )

    def close(self) -> None:
        self._of_ours.close()
        self._of_others.close()
        self._server.wait()

    def start(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        output: Sequence[IO[Any]],
    ) -> WarmProcess:
        """`output`: where its standard output and its standard error go. What is ours is imported
        beforehand, unless its path or its folder has another copy of it."""
        order = {"arguments": arguments, "environment": environment, "folder": str(folder)}
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, Path(os.devnull).open() as nothing:
            files = [*(each.fileno() for each in (nothing, *output)), theirs.fileno()]
            elsewhere = environment.get("PYTHONPATH", "") not in ("", str(ROOT)) or any(
                (folder / each).exists() for each in OURS
            )
            requests = self._of_others if elsewhere else self._of_ours
            socket.send_fds(requests, [json.dumps(order).encode()], files)
        return WarmProcess(arguments, ours)

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> "subprocess.CompletedProcess[str]":
        with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as wrong:
            process = self.start(arguments, environment, folder, (said, wrong))
            try:
                code = process.wait()
            except BaseException as error:  # the test's time is up
                process.send_signal(signal.SIGUSR1)  # it tells where each of its threads is
                with suppress(subprocess.TimeoutExpired):
                    process.wait(1)
                error.add_note(f"{_all_of(said)}\n{_all_of(wrong)}"[-10_000:])
                process.kill()
                raise
            return subprocess.CompletedProcess(arguments, code, _all_of(said), _all_of(wrong))


def _all_of(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
