"""A gateway over views in memory, asked without a network.

The view `prices` has three partitions: gift_0001_20 lives in 0, BANK CHARGES in 1, 85123A in 2.
It is 1.5 seconds behind, its objective is 60. The clock stands still.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
import structlog

from backbone.views.layout import partition_for
from backbone.views.memory_store import MemoryViews
from backbone.views.store import Entry, Part, Status, ViewId, ViewReader
from gateway.app import build_app
from gateway.served_view import ServedView

PRICES = ViewId("prices", 1, 3)
SERVED = ServedView(PRICES, "The price valid now", "stock_code", 60, "85123A")
AS_OF_MS = 1_700_000_000_000  # 2023-11-14T22:13:20Z
CURRENT_UNTIL_MS = 1_700_000_001_000


class Gateway:
    """The application under test, its store, and a clock to turn."""

    def __init__(self, reader: Callable[[ViewReader], ViewReader]) -> None:
        self.views = MemoryViews()
        self.served = SERVED
        self.now = 1_700_000_002.5
        self._writer = self.views.writer()
        self._tokens: dict[int, str] = {}
        self._offsets: dict[int, int] = {}
        self.app = build_app([SERVED], reader(self.views.reader()), clock=lambda: self.now)

    def complete(self, **status: Any) -> None:
        """All partitions are built and empty."""
        for partition in range(3):
            self.status(partition, **status)

    def status(self, partition: int, **changes: Any) -> None:
        status = self._status(partition, **changes)
        token = self._tokens[partition] = self._writer.claim(PRICES, partition).token
        self._writer.start(PRICES, partition, token, status)
        self._offsets[partition] = status.offset

    def put(self, key: str, value: Mapping[str, Any] | None, offset: int = 41) -> None:
        """Apply one fact from `offset`; None takes the entry away."""
        partition = partition_for(PRICES, key)
        entry = None if value is None else self._entry(value, offset)
        status = self._status(partition, offset=offset + 1)
        part = Part(self._offsets[partition], {key: entry}, status)
        self._writer.write(PRICES, partition, self._tokens[partition], part)
        self._offsets[partition] = offset + 1

    def get(self, path: str, **headers: str | bytes) -> httpx.Response:
        return self.ask("GET", path, **headers)

    def ask(self, method: str, path: str, **headers: str | bytes) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return asyncio.run(self._ask(method, path, named))

    async def _ask(self, method: str, path: str, headers: dict[str, str | bytes]) -> httpx.Response:
        encoded = {
            name.encode(): value.encode() if isinstance(value, str) else value
            for name, value in headers.items()
        }
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.request(method, path, headers=encoded)

    def _status(self, partition: int, **changes: Any) -> Status:
        fields = {
            "topic_id": "topic-1",
            "offset": self._offsets.get(partition, 0),
            "rebuild_until": 0,
            "as_of_ms": AS_OF_MS,
            "current_until_ms": CURRENT_UNTIL_MS,
        }
        return Status(**{**fields, **changes})

    def _entry(self, value: Mapping[str, Any], offset: int) -> Entry:
        return Entry(
            value=value,
            order_version=7,
            offset=offset,
            event_id="0b0e",
            source="price-list",
            sequence="prices.csv:17",
            published_ms=1_699_999_999_500,
            occurred_ms=1_699_999_000_000,
        )


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """What the gateway logs, as structures."""
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def new_gateway() -> Callable[[Callable[[ViewReader], ViewReader]], Gateway]:
    """Make a gateway whose reader is wrapped: for stores that fail."""
    return Gateway


@pytest.fixture
def gateway() -> Gateway:
    """Complete and empty."""
    made = Gateway(lambda reader: reader)
    made.complete()
    return made
