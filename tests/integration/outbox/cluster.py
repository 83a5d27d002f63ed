"""A real Postgres of the tests' own: the binaries of the pgserver wheel, started by hand."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

from producers.outbox.table import create_table

Connection = psycopg.Connection[Any]


class Cluster:
    """One server in a folder of its own under /var/tmp, as the user pgserver when we are root."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="outbox-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.port = _free_port()
        self._account = _account()
        if self._account:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        self._server: subprocess.Popen[bytes] | None = None

    @classmethod
    def created(cls) -> Self:
        cluster = cls()
        cluster._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        cluster.start()
        return cluster

    @classmethod
    def standby_of(cls, primary: "Cluster") -> Self:
        """A streaming copy, as a failover has one: `SELECT pg_promote()` makes it the primary."""
        cluster = cls()
        where = ("-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres")
        cluster._run("pg_basebackup", *where, "-R", "-c", "fast")
        cluster.start()
        return cluster

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 100,
            "max_prepared_transactions": 5,
        }
        options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [_binaries() / "postgres", "-D", self._data, *options],
                stdout=log,
                stderr=log,
                **self._as_account(),
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError), self.connect():
                return
            time.sleep(0.02)
        raise AssertionError(f"Postgres is not up: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGINT)
        self._server.wait(timeout=20)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}:hush@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> Connection:
        return psycopg.connect(self.dsn(database), autocommit=True)

    def database_with_outbox(self, name: str) -> str:
        """Make a new database with an outbox and a table of aggregates; gives its name."""
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with self.connect(name) as connection:
            connection.execute(create_table())
            connection.execute("CREATE TABLE aggregate (key text PRIMARY KEY, counter int)")
        return name

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        command: list[str | Path] = [_binaries() / program, "-D", self._data, *arguments]
        subprocess.run(command, check=True, capture_output=True, **self._as_account())

    def _as_account(self) -> dict[str, Any]:
        if self._account is None:
            return {}
        ids = {"user": self._account.pw_uid, "group": self._account.pw_gid}
        return {**ids, "extra_groups": [], "cwd": self.folder}


def _binaries() -> Path:
    """Where the wheel has them. Importing pgserver would look for a runtime folder, and warn."""
    found = importlib.util.find_spec("pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin"


def _account() -> pwd.struct_passwd | None:
    """Postgres refuses to run as root."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("pgserver")
    subprocess.run(["useradd", "--system", "--no-create-home", "pgserver"], check=True)
    return pwd.getpwnam("pgserver")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
