"""Where the processes of tests come from: this one has imported the packages that are not ours, its
child ours as well, and each process of a test is forked from one of the two.

A forked process is one as any other: with its own pid, environment, folder and files, killed and
waited for alone. Run by tests/e2e/warm.py, and read with it.
"""

import faulthandler
import gc
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

PACKAGES = (
    *("typer", "rich.console", "rich.table", "structlog", "prometheus_client"),
    *("pydantic", "pydantic.main", "pydantic.types", "pydantic.type_adapter"),
    *("confluent_kafka.admin", "confluent_kafka.schema_registry", "httpx2", "fastavro", "orjson"),
    *("psycopg", "redis.asyncio", "clickhouse_connect.driver.httpclient", "numpy", "granian"),
    *("aiokafka", "polars"),
)
OURS = ("backbone", "producers", "processors", "consumers", "gateway", "cli")
POLARS_THREADS = frozenset({"polars-ooc-clea"})
"""Removes what Polars has written out to make room, which nobody here does. Only the thread that
forks comes along to a fork."""
LARGEST_ORDER = 1 << 20
ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    of_others, of_ours = (socket.socket(fileno=int(each)) for each in sys.argv[1:])
    for name in PACKAGES:
        import_module(name)
    if os.fork() == 0:
        of_others.close()
        sys.path[0] = str(ROOT)
        for name in _ours():
            import_module(name)
        _serve(of_ours)
    else:
        of_ours.close()
        _serve(of_others)


def _ours() -> Iterator[str]:
    """Every module of ours but those that are programs."""
    for package in OURS:
        for found in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not found.name.endswith("__main__"):
                yield found.name


def _serve(requests: socket.socket) -> None:
    gc.freeze()  # or each process looks for garbage among them, and has memory of its own for them
    others = {(each / "comm").read_text().strip() for each in Path("/proc/self/task").iterdir()}
    others -= {Path("/proc/self/comm").read_text().strip()}
    assert others <= POLARS_THREADS, f"a fork takes one thread along, and here are {others}"
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    while True:
        order, files, _, _ = socket.recv_fds(requests, LARGEST_ORDER, 4)
        if not order:
            return
        if os.fork() == 0:
            requests.close()
            _keep(json.loads(order), files)
            return
        for each in files:
            os.close(each)


def _keep(order: dict[str, Any], files: Sequence[int]) -> None:
    """Start the process, and tell whoever ordered it its pid and in the end its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *standard, told = files
    pid = os.fork()
    if pid == 0:
        os.close(told)
        _become(standard, **order)
        return
    for each in standard:
        os.close(each)
    with socket.socket(fileno=told) as teller:
        teller.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        teller.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(
    standard: Sequence[int], arguments: list[str], environment: dict[str, str], folder: str
) -> None:
    """`python -m <arguments>` with these standard files."""
    for at, each in enumerate(standard):
        os.dup2(each, at)
        os.close(each)
    faulthandler.register(signal.SIGUSR1)  # where is each thread? (Running.stop)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    more = environment.get("PYTHONPATH", "")
    sys.path[:1] = [folder, *filter(None, more.split(os.pathsep))]
    sys.argv = arguments
    sys.modules.pop(arguments[0], None)  # imported beforehand: runpy warns of what it runs twice
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
