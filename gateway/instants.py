"""Instants as the gateway writes them: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_MILLIS: Final = tuple(f".{each:03}Z" for each in range(1000))


def rfc3339(ms: int) -> str:
    return _until_seconds(ms // 1000) + _MILLIS[ms % 1000]


@lru_cache(maxsize=4096)  # facts are published many in a second: hardly two share a millisecond
def _until_seconds(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")
