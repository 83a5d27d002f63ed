"""The demo's processes: each a `backbone run …` of its own, with its log in a file."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from backbone.errors import Fatal

_STOP_SECONDS = 20.0
_PR_SET_PDEATHSIG = 1  # prctl(2), Linux: the child gets this signal when its parent dies


class Fleet:
    """Starts processes and ends them, also when this one is killed."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self._logs = logs
        self._environment = {**os.environ, **environment}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start `backbone <arguments>`."""
        self._spawn(name, [sys.executable, "-m", "cli.main", *arguments])

    def run(self, name: str, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        """Start any command that is expected to end by itself."""
        return self._spawn(name, command, watched=False)

    def _spawn(
        self, name: str, command: Sequence[str], *, watched: bool = True
    ) -> "subprocess.Popen[bytes]":
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one prctl call, no Python locks
            )
        if watched:
            self._running[name] = process
        return process

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def check(self) -> None:
        """Raise Fatal when a process that should run has ended: which, and its last words."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise Fatal(
                    f"{name} ended with {process.returncode}: {self.last_words(name)} "
                    f"(its log: {self.log(name)})"
                )

    def last_words(self, name: str) -> str:
        lines = self.log(name).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def stop(self) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        for process in self._running.values():
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
