"""Redis clients as the view store needs them, and the one table that translates their errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import redis
import redis.asyncio
from redis import exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from backbone.errors import BackboneError, Fatal, Misconfigured, Transient

CONNECT_TIMEOUT_SECONDS: Final = 2.0
OPERATION_TIMEOUT_SECONDS: Final = 5.0
# A connection that was idle for longer is pinged before use: a silent firewall costs one ping
# then, not one operation.
HEALTH_CHECK_SECONDS: Final = 15


class _Remedy(NamedTuple):
    matches: type[Exception] | str  # an exception's class, or words in the server's answer
    becomes: type[BackboneError]
    message: str


_AWAY: Final = (
    "did not answer. Check that it runs and can be reached; the same operation may be repeated"
)
_OTHER: Final = _Remedy(exceptions.RedisError, Fatal, "refused what the view store asked of it")

# Most specific first. Words, because inside a script most errors arrive without their class.
_TABLE: Final = (
    _Remedy(
        exceptions.AuthenticationError,
        Misconfigured,
        "did not accept the user name or password. Check the credentials in the Redis URL",
    ),
    _Remedy(
        exceptions.AuthorizationError,
        Misconfigured,
        "does not allow this user in. Check the user's ACL",
    ),
    _Remedy(
        exceptions.NoPermissionError,
        Misconfigured,
        "does not allow this user a command it needs. Extend the user's ACL (ACL LOG names it)",
    ),
    _Remedy(
        exceptions.AuthenticationWrongNumberOfArgsError,
        Misconfigured,
        "knows no user names (it is older than 6.2, or without ACL). Use the password alone",
    ),
    _Remedy("NOPERM", Misconfigured, "does not allow this user a command or key. Extend its ACL"),
    _Remedy(
        "OOM command",
        Transient,
        "is out of memory and refuses writes. Raise maxmemory or clear views nobody reads",
    ),
    _Remedy(
        exceptions.OutOfMemoryError,
        Transient,
        "is out of memory and refuses writes. Raise maxmemory or clear views nobody reads",
    ),
    _Remedy(
        exceptions.BusyLoadingError,
        Transient,
        "is loading its data set. Wait until it has finished",
    ),
    _Remedy(
        exceptions.ReadOnlyError,
        Transient,
        "is a replica and takes no writes. Wait for the failover, or point the URL to the primary",
    ),
    _Remedy(
        "READONLY",
        Transient,
        "is a replica and takes no writes. Wait for the failover, or point the URL to the primary",
    ),
    _Remedy("BUSY", Transient, "is busy with a slow script. Wait, or end it with SCRIPT KILL"),
    _Remedy("MISCONF", Transient, "cannot save to its disk and refuses writes. Free its disk"),
    _Remedy("NOREPLICAS", Transient, "has too few replicas to take writes. Wait for them"),
    _Remedy(exceptions.TryAgainError, Transient, "is moving this slot. Wait"),
    _Remedy(exceptions.ClusterDownError, Transient, "belongs to a cluster that is down. Wait"),
    _Remedy(
        exceptions.MaxConnectionsError,
        Transient,
        "has all connections of this process in use. Wait, or raise the pool's size",
    ),
    _Remedy(exceptions.ConnectionError, Transient, _AWAY),
    _Remedy(exceptions.TimeoutError, Transient, _AWAY),
)


def translate(error: exceptions.RedisError, address: str) -> BackboneError:
    """What the caller must do about an error of Redis. The server's own words are left out where
    they could quote what was sent."""
    text = str(error)
    remedy = next((row for row in _TABLE if _matches(row, error, text)), _OTHER)
    # The first word of an answer is its code (WRONGTYPE, MOVED …); the rest may hold arguments.
    words = text if isinstance(error, exceptions.ConnectionError) else text.split(" ", 1)[0]
    return remedy.becomes(f"Redis at {address} {remedy.message} ({type(error).__name__}: {words})")


def _matches(row: _Remedy, error: exceptions.RedisError, text: str) -> bool:
    if isinstance(row.matches, str):
        return isinstance(error, exceptions.ResponseError) and row.matches in text
    return isinstance(error, row.matches)


@contextmanager
def translated(address: str) -> Iterator[None]:
    try:
        yield
    except exceptions.RedisError as error:
        raise translate(error, address) from error


def open_client(url: str, timeout_seconds: float) -> "redis.Redis":
    return redis.Redis.from_pool(_pool(redis.ConnectionPool, url, timeout_seconds))


def open_async_client(url: str, timeout_seconds: float, connections: int) -> "redis.asyncio.Redis":
    """The pool is bounded, and waits for a free connection where redis-py's own one raises."""
    pool = _pool(
        redis.asyncio.BlockingConnectionPool,
        url,
        timeout_seconds,
        max_connections=connections,
        timeout=timeout_seconds,
    )
    return redis.asyncio.Redis.from_pool(pool)


def address_of(client: "redis.Redis | redis.asyncio.Redis") -> str:
    """Where the client connects to, for messages: never with its password."""
    options = client.connection_pool.connection_kwargs
    path = options.get("path")
    return str(path) if path else f"{options.get('host')}:{options.get('port', 6379)}"


def _pool(kind: Any, url: str, timeout_seconds: float, **options: Any) -> Any:
    try:
        return kind.from_url(
            url,
            socket_connect_timeout=min(CONNECT_TIMEOUT_SECONDS, timeout_seconds),
            socket_timeout=timeout_seconds,
            health_check_interval=HEALTH_CHECK_SECONDS,
            # One operation, one attempt: whether to repeat is decided where the answer to "was it
            # written?" is known.
            retry=Retry(NoBackoff(), 0),
            # RESP2 carries all that is needed and spares two round trips per connection.
            protocol=2,
            driver_info=None,
            **options,
        )
    except (ValueError, TypeError):
        # Without the cause: it quotes the URL, and with it the password.
        raise Misconfigured(
            "the Redis URL cannot be read. Write redis://[user:password@]host:port/0 "
            "(rediss:// for TLS, unix:///path for a socket), percent-encoding special characters"
        ) from None
