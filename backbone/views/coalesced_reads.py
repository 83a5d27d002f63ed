"""Many small reads as few large ones."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

Values = Mapping[bytes, bytes | None]
ReadMany = Callable[[Sequence[bytes]], Awaitable[Sequence[bytes | None]]]

_MAX_READS: Final = 256  # of one round trip: its answer is parsed in one go, while the loop waits


class CoalescedReads:
    """Gather the reads of one event loop: while one round trip is under way, the next one fills.

    A lone read waits for nobody. The names of one read are always read together, atomically if
    `read_many` is; a name that several reads ask for is fetched once. When a round trip fails, all
    of its reads raise.
    """

    def __init__(self, read_many: ReadMany) -> None:
        self._read_many = read_many
        self._waiting: deque[tuple[Sequence[bytes], asyncio.Future[Values]]] = deque()
        self._running: asyncio.Task[None] | None = None
        # Asking for the running loop is a call of the system in Python 3.11, and it is always this.
        self._loop: asyncio.AbstractEventLoop | None = None

    async def read(self, *names: bytes) -> Values:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        answered: asyncio.Future[Values] = self._loop.create_future()
        self._waiting.append((names, answered))
        if self._running is None:
            self._running = self._loop.create_task(self._run())
        return await answered

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._round_trip()
        finally:
            self._running = None

    async def _round_trip(self) -> None:
        count = min(len(self._waiting), _MAX_READS)
        reads = [self._waiting.popleft() for _ in range(count)]
        names = list(dict.fromkeys(name for asked, _ in reads for name in asked))
        try:
            values = dict(zip(names, await self._read_many(names), strict=True))
        except asyncio.CancelledError:
            _give_up(reads)
            raise
        except Exception as error:  # noqa: BLE001 - it belongs to those who asked
            _fail(reads, error)
            return
        for _, answered in reads:
            if not answered.done():
                answered.set_result(values)


def _give_up(reads: Sequence[tuple[Sequence[bytes], asyncio.Future[Values]]]) -> None:
    for _, answered in reads:
        answered.cancel()


def _fail(
    reads: Sequence[tuple[Sequence[bytes], asyncio.Future[Values]]], error: Exception
) -> None:
    for _, answered in reads:
        if not answered.done():
            answered.set_exception(error)
