import os
import shutil
import signal
import struct
from pathlib import Path
from typing import ClassVar

from cli.stack import unprivileged
from cli.stack.ports import HOST, exchange
from cli.stack.problems import wheel_folder
from cli.stack.process import Launch, run
from cli.stack.service import Site

STARTUP = b"user\0postgres\0database\0postgres\0\0"
STARTUP_MESSAGE = struct.pack(">ii", 8 + len(STARTUP), 3 << 16) + STARTUP  # protocol 3.0
# Under root, Postgres runs as another user, who may not be let into the state directory's
# parents. It gets its own folder opened, and nobody's rights are widened.
HANDED_OVER = ("/bin/sh", "-c", 'exec 8<. && exec "$@"', "sh")
HANDED_FOLDER = "/proc/self/fd/8"


class Postgres:
    ports: ClassVar[tuple[str, ...]] = ("postgres",)
    downloads: ClassVar[bool] = False
    ready_seconds: ClassVar[float] = 60.0  # a recovery after a kill may have much to read
    gentle: ClassVar[signal.Signals] = signal.SIGINT  # "fast"; SIGTERM waits for the sessions

    def __init__(self, site: Site) -> None:
        self._folder = site.folder("postgres")
        self._data = self._folder / "data"
        self._port = site.state.ports["postgres"]

    def prepare(self, hold: int) -> None:
        if self._data.exists():
            # `hold` proves that no server lives here. Postgres itself only looks whether there is
            # a process of that number: a zombie, or somebody else's by now.
            (self._data / "postmaster.pid").unlink(missing_ok=True)
            return
        draft = self._folder / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
        run(self._launch(draft, "initdb", *options), "creating Postgres' data", hold)
        draft.rename(self._data)

    def launch(self) -> Launch:
        settings = {
            "listen_addresses": HOST,
            "port": str(self._port),
            "unix_socket_directories": "",  # the state directory's path may be too long for one
            "max_connections": "200",
            "wal_level": "logical",
        }
        options = [text for pair in settings.items() for text in ("-c", "=".join(pair))]
        return self._launch(self._data, "postgres", *options)

    def _launch(self, data: Path, program: str, *options: str) -> Launch:
        package = wheel_folder("pgserver")
        account = unprivileged.account()
        if account is None:
            binary = package / "pginstall" / "bin" / program
            return Launch([str(binary), "-D", str(data), *options], data)
        os.chown(data, account.uid, account.gid)
        binary = unprivileged.reachable(package) / "pginstall" / "bin" / program
        command = [*HANDED_OVER, str(binary), "-D", HANDED_FOLDER, *options]
        return Launch(command, data, account=account)

    def answers(self) -> bool:
        return exchange(self._port, STARTUP_MESSAGE).startswith(b"R")  # "E" while it recovers

    def settle(self) -> None:
        pass
