"""Where the processes of tests come from: this one has imported the packages that are not ours, and
each process of a test is forked from it.

A forked process is one as any other: with its own pid, environment, folder and files, killed and
waited for alone. What is ours it imports itself. Run by tests/e2e/warm.py, and read with it.
"""

import faulthandler
import gc
import json
import os
import runpy
import signal
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

# Polars is not among them: it starts threads when it is imported, and only one of a process's
# threads comes along to a fork.
PACKAGES = (
    *("typer", "rich.console", "rich.table", "structlog", "prometheus_client"),
    *("pydantic", "pydantic.main", "pydantic.types", "pydantic.type_adapter"),
    *("confluent_kafka.admin", "confluent_kafka.schema_registry", "httpx2", "fastavro", "orjson"),
    *("psycopg", "redis.asyncio", "clickhouse_connect.driver.httpclient", "numpy", "granian"),
)
LARGEST_ORDER = 1 << 20


def main() -> None:
    requests = socket.socket(fileno=int(sys.argv[1]))
    for name in PACKAGES:
        import_module(name)
    gc.freeze()  # or each process looks for garbage among them, and has memory of its own for them
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, "a fork takes one thread along, and here are more"
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
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
