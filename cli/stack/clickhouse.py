import signal
import sys
from typing import ClassVar

from cli.stack.ports import HOST, exchange
from cli.stack.process import Launch
from cli.stack.service import Site

PING = f"GET /ping HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()


class ClickHouse:
    """ClickHouse's engine locks its folder to one process: here it is that process, and speaks
    ClickHouse's HTTP protocol."""

    ports: ClassVar[tuple[str, ...]] = ("clickhouse",)
    downloads: ClassVar[bool] = False
    ready_seconds: ClassVar[float] = 60.0
    gentle: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, site: Site) -> None:
        self._folder = site.folder("clickhouse")
        self._port = site.state.ports["clickhouse"]

    def prepare(self, hold: int) -> None:
        pass

    def launch(self) -> Launch:
        data = str(self._folder / "data")
        command = [sys.executable, "-m", "cli.stack.clickhouse_process", data, str(self._port)]
        return Launch(command, self._folder)

    def answers(self) -> bool:
        return exchange(self._port, PING).startswith(b"HTTP/1.1 200")

    def settle(self) -> None:
        pass
