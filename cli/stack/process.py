import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.stack.problems import StackError, StartInterruptedError
from cli.stack.state import Recorded

POLL_SECONDS = 0.02
END_SECONDS = 15.0  # a broker with open log segments needs a few; then it is killed
LINGER_SECONDS = 15.0  # how long the children of a killed server or start may take to end
KEPT_ENVIRONMENT = ("PATH", "HOME", "LD_LIBRARY_PATH", "TZ")

# The service begins only once its pid is on disk: a SIGKILL of the starter between the two
# closes the pipe, the shell reads nothing, and no service runs that nobody knows of.
GATE = 'read -r go && exec "$@" </dev/null'


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


@dataclass(frozen=True)
class Launch:
    """How to start one service."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None  # None: as whoever starts it


def birth(pid: int) -> str | None:
    """Tell a process from a later one with its pid; None when it is gone or a zombie.

    Ticks since this boot, exact: a create time in seconds moves when the clock is set.
    """
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    state, threads, started = fields[0], int(fields[17]), fields[19]
    # A killed JVM is a zombie first and gives up its ports with the last of its threads.
    if state in "ZX" and threads <= 1:
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{started}"


def lives(process: Recorded | None) -> bool:
    return process is not None and birth(process.pid) == process.born


@contextmanager
def holding(path: Path) -> Iterator[int]:
    """Lock a service's file. Whatever is started with it keeps it locked until the last one ends.

    So a second start waits for what a killed one left behind, and meets it even when it runs in
    another container, where no pid tells of it.
    """
    with path.open("a") as lock:
        _take(lock.fileno(), path)
        yield lock.fileno()


def start(launch: Launch, log: Path, hold: int, record: Callable[[Recorded], None]) -> Recorded:
    """Start in a session of its own, so that Ctrl-C in the starter's terminal passes it by."""
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        child = subprocess.Popen(
            ["/bin/sh", "-c", GATE, "gate", *launch.command],
            cwd=launch.folder,
            env=environment(launch.environment),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[hold],
            **_as_user(launch.account),
        )
    born = birth(child.pid)
    child.returncode = 0  # it outlives this object on purpose; `birth` reaps it
    assert child.stdin is not None
    with child.stdin as gate:
        if born is None:
            raise StackError(f"{launch.command[0]} ended at once: see {log}")
        process = Recorded(child.pid, born)
        record(process)
        with suppress(BrokenPipeError):
            gate.write(b"go\n")
            gate.flush()
    return process


def run(launch: Launch, what: str, hold: int) -> None:
    """Run a preparing command to its end."""
    done = subprocess.run(
        list(launch.command),
        cwd=launch.folder,
        env=environment(launch.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        pass_fds=[hold],
        **_as_user(launch.account),
    )
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines()[-5:]
        raise StackError(f"{what} failed with code {done.returncode}: {' / '.join(lines)}")


def wait_until(
    condition: Callable[[], bool], seconds: float, cancelled: threading.Event | None = None
) -> bool:
    deadline = time.monotonic() + seconds
    pause = cancelled or threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        if pause.wait(POLL_SECONDS):
            raise StartInterruptedError("the start was interrupted")
    return True


def end(process: Recorded, gentle: signal.Signals) -> None:
    """Ask, wait, then kill; what it started goes with it."""
    if not lives(process):
        return
    family = [process, *descendants(process.pid)]
    _send(process, gentle)
    if not wait_until(lambda: not lives(process), END_SECONDS):
        _send(process, signal.SIGKILL)
    for one in family[1:]:
        _send(one, signal.SIGKILL)
    wait_until(lambda: not any(map(lives, family)), END_SECONDS)


def kill(process: Recorded) -> None:
    family = signal_family(process, signal.SIGKILL)
    wait_until(lambda: not any(map(lives, family)), END_SECONDS)


def signal_family(process: Recorded, number: signal.Signals) -> list[Recorded]:
    """Send it to the process and to all that it started. Gives who that was."""
    family = [process, *descendants(process.pid)]
    for one in family:
        _send(one, number)
    return family


def descendants(pid: int) -> list[Recorded]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found = list(children.get(pid, ()))
    for one in found:
        found.extend(children.get(one, ()))
    return [Recorded(one, born) for one in found if (born := birth(one))]


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """Little of the caller's: JAVA_TOOL_OPTIONS or PGDATA of a shell would change the services."""
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return {"LANG": "C.UTF-8", **kept, **own}


def is_held(hold: Path) -> bool:
    """Tell whether a process that was started with this file lives, in whatever container."""
    try:
        with hold.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _take(lock: int, hold: Path) -> None:
    def taken() -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    if not wait_until(taken, LINGER_SECONDS):
        raise StackError(
            f"{hold} is held by a process this stack does not know, perhaps of another "
            "container: end it there (fuser names it), then start again"
        )


def _as_user(account: Account | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _send(process: Recorded, number: signal.Signals) -> None:
    if lives(process):
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise StackError(
                f"process {process.pid} belongs to another user: end the stack as that user"
            ) from error
