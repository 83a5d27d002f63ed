"""Instants as the gateway writes them: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache


def rfc3339(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"{_until_seconds(seconds)}.{rest:03}Z"


@lru_cache(maxsize=4096)  # facts are published many in a second: hardly two share a millisecond
def _until_seconds(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")
