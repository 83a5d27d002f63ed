"""The real services without Docker and without root, from the package registries alone."""

import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from cli.stack import ports, process
from cli.stack.catalog import CATALOG, not_installed
from cli.stack.downloads import Cache
from cli.stack.problems import StackError, require_disk, require_platform
from cli.stack.service import Site
from cli.stack.starter import Starter, end_service
from cli.stack.state import Recorded, StateDir

__all__ = ["Endpoints", "ServiceStatus", "Stack", "StackError"]

KEPT_BY_WIPE = ("lock", ".gitignore")  # whoever waits for the lock waits for this very file


@dataclass(frozen=True)
class Endpoints:
    kafka_bootstrap: str
    registry_url: str
    redis_url: str
    postgres_dsn: str
    clickhouse_url: str = ""  # empty where its extra is not installed


@dataclass(frozen=True)
class ServiceStatus:
    name: str
    state: Literal["running", "stopped", "dead"]  # dead: started, and gone without being ended
    address: str | None
    pid: int | None


class Stack:
    """The services of one state directory. Several processes may use one at the same time."""

    def __init__(self, state_dir: Path, report: Callable[[str], None] = lambda _line: None) -> None:
        self._state = StateDir(state_dir)
        self._site = Site(self._state, Cache())
        self._report = report

    def up(self) -> Endpoints:
        """Start what does not run. When it fails, what this call started has ended again."""
        require_platform()
        with self._locked():
            left_out = not_installed()
            for why in left_out.values():
                self._report(why)
            self._start([name for name in CATALOG if name not in left_out])
            endpoints = self._endpoints()
            self._state.write_endpoints(asdict(endpoints))
        return endpoints

    def start(self, name: str) -> None:
        _require_known(name)
        require_platform()
        with self._locked():
            self._start([name])

    def down(self, *, wipe: bool = False) -> None:
        """End everything that was started from this directory, by whomever.

        The data stays unless it is to be wiped.
        """
        if not self._state.exists:
            return
        with self._locked():
            self._state.remove_endpoints()
            names = list(self._state.processes)
            with ThreadPoolExecutor(len(CATALOG)) as pool:
                list(pool.map(self._end, names))
            if wipe:
                self._wipe()

    def kill(self, name: str) -> None:
        """SIGKILL, as a crash would: the data is as it was, and `up` brings it back."""
        with self._locked():
            process.kill(self._running(name))

    @contextmanager
    def stalled(self, name: str) -> Iterator[None]:
        """Stopped in mid-work as a machine that hangs: it keeps its connections, and answers
        nobody until the block ends. Others may bring the stack up or down meanwhile."""
        with self._locked():
            running = self._running(name)
        process.signal_family(running, signal.SIGSTOP)
        try:
            yield
        finally:
            process.signal_family(running, signal.SIGCONT)

    def _running(self, name: str) -> Recorded:
        _require_known(name)
        recorded = self._state.processes.get(name)
        if recorded is None or not process.lives(recorded):
            raise StackError(f"{name} does not run in {self._state.root}: start it first")
        return recorded

    def status(self) -> list[ServiceStatus]:
        self._state.reload()
        left_out = not_installed()
        return [self._status(name) for name in CATALOG if name not in left_out]

    def _status(self, name: str) -> ServiceStatus:
        port = self._state.ports.get(CATALOG[name].ports[0])
        address = f"{ports.HOST}:{port}" if port else None
        recorded = self._state.processes.get(name)
        if recorded is None or self._is_copy():
            return ServiceStatus(name, "stopped", address, None)
        if not process.lives(recorded):
            return ServiceStatus(name, "dead", address, None)
        return ServiceStatus(name, "running", address, recorded.pid)

    def _start(self, names: Sequence[str]) -> None:
        missing = [name for name in names if not process.lives(self._recorded(name))]
        if missing:
            require_disk(self._state.root)
        if any(CATALOG[name].downloads for name in missing):
            self._site.cache.fill(self._report)
        with self._ports_chosen():
            Starter(self._site, CATALOG, self._report).bring(names)

    @contextmanager
    def _ports_chosen(self) -> Iterator[None]:
        wanted = [port for service in CATALOG.values() for port in service.ports]
        missing = [name for name in wanted if name not in self._state.ports]
        known = self._state.ports
        with ports.reserved(missing, known.values()) as chosen:
            if chosen:
                self._state.set_ports({**known, **chosen})
            yield

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._state.locked(self._report):
            if self._is_copy():
                self._state.forget_the_original()
            yield

    def _is_copy(self) -> bool:
        held = any(process.is_held(self._site.hold(name)) for name in CATALOG)
        return self._state.is_copy and not held

    def _end(self, name: str) -> None:
        self._report(f"ending {name}")
        end_service(self._site, name, CATALOG[name])

    def _wipe(self) -> None:
        found = [path for path in self._state.root.iterdir() if path.name not in KEPT_BY_WIPE]
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _recorded(self, name: str) -> Recorded | None:
        return self._state.processes.get(name)

    def _endpoints(self) -> Endpoints:
        address = {name: f"{ports.HOST}:{port}" for name, port in self._state.ports.items()}
        return Endpoints(
            kafka_bootstrap=address["kafka"],
            registry_url=f"http://{address['registry']}/apis/ccompat/v7",
            redis_url=f"redis://{address['redis']}/0",
            postgres_dsn=f"postgresql://postgres@{address['postgres']}/postgres",
            clickhouse_url="" if not_installed() else f"http://{address['clickhouse']}/backbone",
        )


def _require_known(name: str) -> None:
    if name not in CATALOG:
        raise StackError(f"there is no service {name}: there are {', '.join(CATALOG)}")
    if (why := not_installed().get(name)) is not None:
        raise StackError(why)
