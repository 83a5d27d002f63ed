import secrets
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

HOST = "127.0.0.1"
# Below the range the kernel takes ports from for outgoing connections (32768 and up), so that
# no client of anybody's sits on a stored port while the stack is down.
CANDIDATES = range(20_000, 32_000)


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the services do: a port whose last connections are still fading counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose(names: Iterable[str], taken: Iterable[int] = ()) -> dict[str, int]:
    with reserved(names, taken) as chosen:
        return chosen


@contextmanager
def reserved(names: Iterable[str], taken: Iterable[int] = ()) -> Iterator[dict[str, int]]:
    """Ports that nobody else chooses here before the block ends: a service takes seconds until it
    has its own, and of several stacks that start at once two may have drawn the same one."""
    chosen: dict[str, int] = {}
    used = set(taken)
    with ExitStack() as held:
        for name in names:
            drawn = (port for port in iter(_candidate, None) if port not in used)
            port = next(each for each in drawn if _reserve(each, held))
            used.add(port)
            chosen[name] = port
        yield chosen


def _reserve(port: int, held: ExitStack) -> bool:
    """Bound, and never listened on: with SO_REUSEADDR at both a service binds beside it (Linux,
    socket(7)); whoever draws a port does so without, and finds it taken."""
    socket_of_port = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        socket_of_port.bind((HOST, port))
    except OSError:
        socket_of_port.close()
        return False
    socket_of_port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.enter_context(socket_of_port)
    return True


def _candidate() -> int:
    return secrets.choice(CANDIDATES)


def exchange(port: int, message: bytes, timeout_seconds: float = 1.0) -> bytes:
    """Send one message and return the first bytes of the answer; empty when nobody answers."""
    try:
        with socket.create_connection((HOST, port), timeout_seconds) as connection:
            connection.settimeout(timeout_seconds)
            connection.sendall(message)
            return connection.recv(4096)
    except OSError:
        return b""
