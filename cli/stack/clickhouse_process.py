"""The process of the embedded ClickHouse: `python -m cli.stack.clickhouse_process FOLDER PORT`."""

import asyncio
import signal
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from cli.stack.clickhouse_engine import Engine
from cli.stack.clickhouse_http import HttpInterface
from cli.stack.ports import HOST


def main(folder: Path, port: int) -> None:
    """Serve until SIGTERM, then finish the statement that runs and close the engine."""
    with Engine(folder) as engine:
        asyncio.run(_serve(HttpInterface(engine), port))


async def _serve(app: HttpInterface, port: int) -> None:
    server = Server(
        app,
        address=HOST,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
        log_access=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
