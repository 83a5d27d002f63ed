import fcntl
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from cli.stack import pins
from cli.stack.fetch import fetch
from cli.stack.pins import Pin
from cli.stack.problems import StackError, require_disk
from cli.stack.state import write_atomically

Report = Callable[[str], None]
Fetch = Callable[[Sequence[Pin], Path, Report], Generator[tuple[Pin, Path]]]
MANIFEST = "files.json"


def default_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "backbone"


class Cache:
    """The pinned files of Kafka and the registry, one copy for every clone of this user."""

    def __init__(
        self,
        root: Path | None = None,
        listed: Sequence[Pin] | None = None,
        bring: Fetch = fetch,
    ) -> None:
        self._root = (root or default_folder()).absolute()
        self._bring = bring
        self._jars = self._root / "jars"
        self._verified = self._root / "verified.json"
        everything = pins.read() if listed is None else listed
        self._jar_pins = [pin for pin in everything if pin.packaging == "jar"]
        self._archive_pin = next(pin for pin in everything if pin.packaging == "tar.gz")

    @property
    def jars(self) -> list[Path]:
        return [self._jars / pin.file_name for pin in self._jar_pins]

    @property
    def apicurio(self) -> Path:
        # By content: another version unpacks beside it, and clones of both go on.
        return self._root / f"{self._archive_pin.artifact}-{self._archive_pin.sha256[:16]}"

    def fill(self, report: Report) -> None:
        """Fetch what is missing or damaged. Two processes never fetch at once."""
        if not self._missing():
            return
        with self._locked(report):
            missing = self._missing()
            if missing:
                require_disk(self._root)
                self._fetch(missing, report)

    def _missing(self) -> list[Pin]:
        stamps = self._stamps()
        missing = [pin for pin in self._jar_pins if not self._intact(pin, stamps)]
        return missing if _complete(self.apicurio) else [*missing, self._archive_pin]

    def _intact(self, pin: Pin, stamps: dict[str, str]) -> bool:
        """By size and time since it was last hashed: hashing 45 MB at each start is not free."""
        path = self._jars / pin.file_name
        return path.exists() and stamps.get(path.name) == _stamp(path, pin)

    def _stamps(self) -> dict[str, str]:
        try:
            stamps: dict[str, str] = json.loads(self._verified.read_text())
        except (OSError, ValueError):
            return {}
        return stamps

    def _fetch(self, missing: Sequence[Pin], report: Report) -> None:
        self._jars.mkdir(exist_ok=True)
        for abandoned in self._root.glob("partial-*"):  # of a fetch that was killed
            shutil.rmtree(abandoned, ignore_errors=True)
        doubtful = [pin for pin in missing if not pin.matches(self._jars / pin.file_name)]
        with tempfile.TemporaryDirectory(prefix="partial-", dir=self._root) as folder:
            if doubtful:
                size = sum(pin.size for pin in doubtful) / 1e6
                report(f"downloading {_names(doubtful)}, about {size:.0f} MB, once")
            self._bring_all(doubtful, Path(folder), report)
        stamps = {p.name: _stamp(p, pin) for p, pin in zip(self.jars, self._jar_pins, strict=True)}
        write_atomically(self._verified, json.dumps(stamps, indent=0))

    def _bring_all(self, files: Sequence[Pin], folder: Path, report: Report) -> None:
        with closing(self._bring(files, folder, report)) as arriving:
            for pin, path in arriving:
                self._keep(pin, path, report)

    def _keep(self, pin: Pin, path: Path, report: Report) -> None:
        if pin != self._archive_pin:
            path.replace(self._jars / pin.file_name)
            return
        report("unpacking the registry")
        unpacked = path.with_name("unpacked")
        _unpack(path, unpacked)
        shutil.rmtree(self.apicurio, ignore_errors=True)
        unpacked.rename(self.apicurio)

    @contextmanager
    def _locked(self, report: Report) -> Iterator[None]:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            lock = (self._root / "lock").open("a")
        except OSError as error:
            raise StackError(
                f"the cache {self._root} cannot be written ({error.strerror}): "
                "name another folder in XDG_CACHE_HOME"
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                report("waiting for another process, which downloads the same files")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _names(files: Sequence[Pin]) -> str:
    main = {"kafka_2.13": "Kafka {}", "apicurio-registry-app": "the registry {}"}
    named = [main[pin.artifact].format(pin.version) for pin in files if pin.artifact in main]
    return " and ".join(named) or f"{len(files)} files"


def _stamp(path: Path, pin: Pin) -> str:
    seen = path.stat()
    return f"{pin.sha256} {seen.st_size} {seen.st_mtime_ns}"


def _unpack(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as tar:
        # Python before 3.11.4 has no filters; what is unpacked is pinned by its hash.
        tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
        tar.extractall(target)  # noqa: S202
    sizes = {str(p.relative_to(target)): p.stat().st_size for p in target.rglob("*") if p.is_file()}
    (target / MANIFEST).write_text(json.dumps(sizes))


def _complete(folder: Path) -> bool:
    try:
        sizes: dict[str, int] = json.loads((folder / MANIFEST).read_text())
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False
