import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from cli.stack.problems import StackError


@dataclass(frozen=True)
class Recorded:
    """A process that was started. The pid alone may be somebody else's by now."""

    pid: int
    born: str


@dataclass
class Content:
    inode: int = 0
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, Recorded] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


class StateDir:
    """One folder per stack: its lock, its ports, its processes, and the services' data.

    Every change is written at once and atomically, so a reader and whoever comes after a
    SIGKILL see a whole state. Only the holder of `locked()` may change it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._file = self.root / "state.json"
        self._endpoints = self.root / "endpoints.json"
        self._threads = threading.Lock()
        self._content = Content()

    @contextmanager
    def locked(self, report: Callable[[str], None]) -> Iterator[None]:
        self._create()
        with (self.root / "lock").open("a+") as lock:
            _wait_for_lock(lock, self.root, report)
            self.reload()
            yield

    def reload(self) -> None:
        self._content = self._read()

    @property
    def exists(self) -> bool:
        return self._file.exists()

    @property
    def is_copy(self) -> bool:
        """Whether this was copied, running processes, ports and all, from another stack's."""
        return self._content.inode not in (0, self.root.stat().st_ino)

    @property
    def ports(self) -> Mapping[str, int]:
        return self._content.ports

    @property
    def processes(self) -> Mapping[str, Recorded]:
        return self._content.processes

    def note(self, key: str) -> str | None:
        return self._content.notes.get(key)

    def set_note(self, key: str, value: str) -> None:
        with self._change() as content:
            content.notes[key] = value

    def set_ports(self, ports: Mapping[str, int]) -> None:
        with self._change() as content:
            content.inode = self.root.stat().st_ino
            content.ports = dict(ports)

    def record(self, service: str, process: Recorded) -> None:
        with self._change() as content:
            content.processes[service] = process

    def forget(self, service: str) -> None:
        with self._change() as content:
            content.processes.pop(service, None)

    def forget_the_original(self) -> None:
        with self._change() as content:
            content.inode = self.root.stat().st_ino
            content.ports, content.processes = {}, {}

    def write_endpoints(self, endpoints: Mapping[str, str]) -> None:
        write_atomically(self._endpoints, json.dumps(endpoints, indent=2) + "\n")

    def remove_endpoints(self) -> None:
        self._endpoints.unlink(missing_ok=True)

    @contextmanager
    def _change(self) -> Iterator[Content]:
        with self._threads:
            yield self._content
            write_atomically(self._file, json.dumps(asdict(self._content), indent=2) + "\n")

    def _create(self) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            (self.root / ".gitignore").write_text("*\n")
            (self.root / "lock").touch()
        except OSError as error:
            raise StackError(
                f"the state directory {self.root} cannot be written ({error.strerror}): "
                "choose another with --state or BACKBONE_STATE_DIR"
            ) from error

    def _read(self) -> Content:
        try:
            raw = json.loads(self._file.read_text())
            processes = {name: Recorded(**one) for name, one in raw.pop("processes").items()}
            return Content(**raw, processes=processes)
        except FileNotFoundError:
            return Content()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StackError(
                f"the state in {self._file} cannot be read ({error}): end the services that "
                f"were started from it, remove {self.root} and start again"
            ) from error


def _wait_for_lock(lock: IO[str], root: Path, report: Callable[[str], None]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        report(f"waiting for process {lock.read().strip()}, which works on {root}")
        fcntl.flock(lock, fcntl.LOCK_EX)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def write_atomically(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    with draft.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
