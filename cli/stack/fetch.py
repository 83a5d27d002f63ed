import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from cli.stack.pins import Pin
from cli.stack.problems import StackError, StartInterruptedError, wheel_folder

ATTEMPTS = 3
PARALLEL = 6  # the jars are small: most of the time of one is waiting
TIMEOUT_SECONDS = 20  # without a byte; three attempts tell a dead network in a minute
REPORT_EVERY_BYTES = 20_000_000


def fetch(
    files: Sequence[Pin], folder: Path, report: Callable[[str], None]
) -> Generator[tuple[Pin, Path]]:
    """Yield each file once it is there and verified, in the order in which they arrive.

    jgo knows where the files are and honours the proxies of the environment; what it brings
    counts only when its hash is the pinned one.
    """
    progress = _Progress(sum(pin.size for pin in files), report)
    biggest_first = sorted(files, key=lambda pin: -pin.size)
    with ThreadPoolExecutor(PARALLEL) as pool, progress.stopping():
        jobs = [pool.submit(_fetch_one, pin, folder, progress) for pin in biggest_first]
        for job in as_completed(jobs):
            yield job.result()


class _Progress:
    """What jgo calls while a file arrives, from several threads."""

    def __init__(self, total: int, report: Callable[[str], None]) -> None:
        self.stop = threading.Event()
        self._total = total
        self._done = 0
        self._next = REPORT_EVERY_BYTES
        self._report = report
        self._lock = threading.Lock()

    @contextmanager
    def __call__(self, _name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield self._add

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """On the way out, by whatever way, end what is still arriving."""
        try:
            yield
        finally:
            self.stop.set()

    def _add(self, count: int) -> None:
        if self.stop.is_set():
            raise StartInterruptedError("the download was interrupted")
        with self._lock:
            self._done += count
            if self._done >= self._next:
                self._next += REPORT_EVERY_BYTES
                self._report(f"downloaded {self._done / 1e6:.0f} of {self._total / 1e6:.0f} MB")


def _fetch_one(pin: Pin, folder: Path, progress: _Progress) -> tuple[Pin, Path]:
    problem = ""
    for attempt in range(ATTEMPTS):
        if progress.stop.is_set():
            raise StartInterruptedError("the download was interrupted")
        try:
            path = _artifact(pin, folder / f"attempt-{attempt}", progress).resolve()
        except (OSError, RuntimeError) as error:
            problem = str(error)
            continue
        if pin.matches(path):
            return pin, path
        problem = f"{path.stat().st_size} bytes came that are not the {pin.size} pinned ones"
    raise StackError(
        f"{pin.file_name} could not be downloaded in {ATTEMPTS} attempts ({problem}): check the "
        "network, or the proxy in HTTPS_PROXY, and run this again; what has arrived is kept"
    )


def _artifact(pin: Pin, folder: Path, progress: _Progress) -> Any:
    wheel_folder("jgo")
    maven = import_module("jgo.maven")  # here: only a first start needs it
    resolver = maven.PythonResolver(progress_callback=progress)
    context = maven.MavenContext(resolver=resolver, repo_cache=folder, timeout=TIMEOUT_SECONDS)
    project = context.project(pin.group, pin.artifact).at_version(pin.version)
    return project.artifact(classifier=pin.classifier, packaging=pin.packaging)
