"""Processes of the benchmarks: what one cost, and how the runner asks another for its work."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from backbone import logs
from backbone.errors import Fatal
from bench.figures import CPU, RATE, RSS

Work = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Stopwatch:
    """Wall clock and processor time of this process, all its threads included."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self._began, self._cpu = time.perf_counter(), _cpu_seconds()
        self._ended, self._cpu_ended = self._began, self._cpu

    def stop(self) -> None:
        """The last one counts."""
        self._ended, self._cpu_ended = time.perf_counter(), _cpu_seconds()

    @property
    def seconds(self) -> float:
        return self._ended - self._began

    def figures(self, count: int) -> dict[str, float]:
        seconds = self.seconds
        return {
            RATE: count / seconds,
            CPU: (self._cpu_ended - self._cpu) / count * 1e6,
            RSS: peak_rss_mib(),
        }


def serve(work: Work) -> None:
    """The whole life of a worker: arguments from stdin, the result to stdout, as JSON."""
    logs.configure("warning", human=False)  # to stderr: stdout is the result's
    result = work(json.loads(sys.stdin.read()))
    sys.stdout.write(json.dumps(result) + "\n")


def call(worker: str, arguments: Mapping[str, Any], log: Path) -> dict[str, Any]:
    """Run a worker to its end in a process of its own; raises Fatal with its last words."""
    with log.open("ab") as errors:
        done = subprocess.run(
            command(worker),
            input=json.dumps(arguments).encode(),
            stdout=subprocess.PIPE,
            stderr=errors,
            check=False,
        )
    if done.returncode:
        lines = log.read_text(errors="replace").strip().splitlines()
        said = lines[-1] if lines else "it said nothing"
        raise Fatal(f"bench.workers.{worker} ended with {done.returncode}: {said} (log: {log})")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def command(worker: str) -> list[str]:
    return [sys.executable, "-m", f"bench.workers.{worker}"]


def peak_rss_mib(pid: int | str = "self") -> float:
    return _status_kib(pid, "VmHWM") / 1024


def rss_mib(pid: int | str = "self") -> float:
    return _status_kib(pid, "VmRSS") / 1024


def _status_kib(pid: int | str, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
