import secrets
import socket
from collections.abc import Iterable

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
    chosen: dict[str, int] = {}
    used = set(taken)
    for name in names:
        port = next(p for p in iter(_candidate, None) if p not in used and is_free(p))
        used.add(port)
        chosen[name] = port
    return chosen


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
