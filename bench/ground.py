"""The ground of a benchmark: an embedded stack of its own, removed at the end with everything."""

import itertools
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from backbone.errors import Fatal
from bench.process import call
from cli import wiring
from cli.contracts import register_all
from cli.stack.stack import Endpoints, Stack
from cli.topics import apply_all

_PATIENCE_SECONDS = 30.0


class Ground:
    """Services, contracts and topics as production has them, and the workers that run on it.

    The settings stand in the environment, where this process and its workers read them.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="backbone-bench-"))
        self.logs = self.folder / "bench-logs"
        self.logs.mkdir()
        self.price_lists = self.folder / "price-lists"
        self.price_lists.mkdir()
        self._stack = Stack(self.folder, say)
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        try:
            endpoints = self._stack.up()
            for name in [each for each in os.environ if each.startswith("BACKBONE_")]:
                del os.environ[name]
            os.environ |= self._environment(endpoints)
            wiring.settings.cache_clear()
            register_all(wiring.contracts_dir(), wiring.registry())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._stack.down(wipe=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _environment(self, endpoints: Endpoints) -> dict[str, str]:
        shop = urlsplit(endpoints.postgres_dsn)._replace(path="/shop").geturl()
        return {
            "BACKBONE_KAFKA_BOOTSTRAP": endpoints.kafka_bootstrap,
            "BACKBONE_REGISTRY_URL": endpoints.registry_url,
            "BACKBONE_REDIS_URL": endpoints.redis_url,
            "BACKBONE_POSTGRES_DSN": shop,
            "BACKBONE_CLICKHOUSE_URL": endpoints.clickhouse_url,
            "BACKBONE_STATE_DIR": str(self.folder),
            "BACKBONE_PRICE_LIST_DIR": str(self.price_lists),
            "BACKBONE_LOG_LEVEL": "warning",
        }

    def clean_topics(self) -> None:
        """Every declared topic anew, without records."""
        admin = wiring.topic_admin()
        names = [spec.name for spec in wiring.declared_topics()]
        for name in admin.topic_ids(names):
            admin.delete(name)
        wait_until(lambda: not admin.topic_ids(names), "the old topics are gone")
        apply_all()
        wait_until(lambda: len(admin.topic_ids(names)) == len(names), "the topics are there")

    def work(self, worker: str, **arguments: Any) -> dict[str, Any]:
        """Run a worker in a process and in consumer groups of its own."""
        os.environ["BACKBONE_APP"] = f"bench-{next(self._numbers)}"
        return call(worker, arguments, self.logs / f"{worker}.log")


def wait_until(holds: Callable[[], bool], what: str, seconds: float = _PATIENCE_SECONDS) -> None:
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not holds():
        if time.monotonic() > deadline:
            raise Fatal(f"not in {seconds:.0f} s: {what}")
        pause.wait(0.05)


def settings_shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A client's settings as they are printed: what is an object has no place in JSON."""
    return {name: value for name, value in sorted(settings.items()) if name != "logger"}


def say(line: str) -> None:
    """Progress goes to stderr; the figures go to stdout."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
