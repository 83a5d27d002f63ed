"""Fetches: where each partition is read, and what the brokers answered.

A fetch is on its way while what came before is worked on: the answer waits in the connection. There
is no thread: time passes here in `poll` alone, and everything is called by whoever polls.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaError
from aiokafka.protocol.fetch import FetchRequest

from backbone.errors import BackboneError
from backbone.kafka.fetch.record_batches import BatchOfRecords, committed
from backbone.logs import logger

Address = tuple[str, int]


class Places(Protocol):
    """What an administrator knows of a topic. Raises Transient and Misconfigured."""

    def leaders(self, name: str) -> Mapping[int, Address]:
        """Which broker leads which partition."""

    def starts(self, topic: str) -> Mapping[int, int]:
        """The offset of the first record that is still there, for each partition."""


# what a connection says of itself is unstructured; what matters comes back as an error
_QUIET = logging.getLogger("aiokafka")
_QUIET.propagate = False
_QUIET.addHandler(logging.NullHandler())

_READ_COMMITTED = 1
_NO_ERROR = 0
OFFSET_OUT_OF_RANGE = 1
_WAIT_MS = 100  # how long a quiet partition may hold up what is new or resumed
_MAX_BYTES = 4 * 1024 * 1024  # of an answer, compressed; a larger record batch comes alone
_PARTITION_BYTES = 2 * 1024 * 1024
_REQUEST_MS = 30_000  # far more than the broker waits
_AGAIN_SECONDS = (0.1, 1.0)  # between attempts, doubled


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a broker answered of a partition, asked for it from `offset` on: the first batch may
    begin before. `error` is the protocol's code, 0 for none."""

    partition: int
    offset: int
    batches: Sequence[BatchOfRecords]
    next_offset: int
    ended_ms: int | None
    """When that was asked, if nothing committed stands behind `next_offset`."""
    error: int = _NO_ERROR


@dataclass(frozen=True, slots=True)
class _Asked:
    address: Address
    offsets: Mapping[int, int]
    at_ms: int


class Fetcher:
    """Reads partitions of one topic that it is told to `start`, committed records only."""

    def __init__(self, topic: str, connection: Mapping[str, Any], places: Places) -> None:
        self._topic = topic
        self._connection = connection
        self._places = places
        self._leaders: Mapping[int, Address] | None = None
        self._next: dict[int, int] = {}
        self._new: set[int] = set()  # started, and nothing was answered yet
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connections: dict[Address, AIOKafkaConnection] = {}
        self._flying: dict[asyncio.Task[Any], _Asked] = {}
        self._again_at, self._pause = 0.0, _AGAIN_SECONDS[0]
        self._log = logger(f"fetch.{topic}")

    def start(self, partition: int, offset: int) -> None:
        """Read on from here, which may be BEGINNING; what is on its way is dropped."""
        self._next[partition] = offset
        self._new.add(partition)

    def stop(self, partition: int) -> None:
        self._next.pop(partition, None)
        self._new.discard(partition)

    def poll(self, seconds: float) -> Sequence[Fetched]:
        """What has come, waiting for it so long. Each partition goes on behind what is given here.
        Raises nothing: where brokers do not answer it is said, and they are asked again."""
        self._loop = self._loop or asyncio.new_event_loop()
        return self._loop.run_until_complete(self._poll(seconds))

    def close(self) -> None:
        """May be called twice."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.run_until_complete(self._hang_up())
            loop.close()

    async def _poll(self, seconds: float) -> Sequence[Fetched]:
        await self._ask()
        if not self._flying:
            await asyncio.sleep(min(seconds, self._pause))
            return []
        done, _ = await asyncio.wait(
            self._flying, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        found = [each for task in done for each in self._answered(task)]
        if found:
            await self._ask()
        return found

    # asking

    async def _ask(self) -> None:
        """Every broker that owes no answer, for the partitions that it leads."""
        if not self._next or time.monotonic() < self._again_at or not self._have_places():
            return
        busy = {each.address for each in self._flying.values()}
        by_address: dict[Address, dict[int, int]] = defaultdict(dict)
        for partition, offset in self._next.items():
            address = (self._leaders or {}).get(partition)
            if address is None:
                self._later(f"{self._topic}/{partition} has no leader")
            elif address not in busy:
                by_address[address][partition] = offset
        for address, offsets in by_address.items():
            task = asyncio.create_task(self._fetch(address, offsets))
            self._flying[task] = _Asked(address, offsets, int(time.time() * 1000))
        if by_address:
            await asyncio.sleep(0)  # so that they are sent, if only the connections are there

    def _have_places(self) -> bool:
        try:
            if self._leaders is None:
                self._leaders = self._places.leaders(self._topic)
            if any(offset < 0 for offset in self._next.values()):
                starts = self._places.starts(self._topic)
                self._next = {
                    each: starts[each] if offset < 0 else offset
                    for each, offset in self._next.items()
                }
        except BackboneError as error:
            self._later(str(error))
            return False
        return True

    async def _fetch(self, address: Address, offsets: Mapping[int, int]) -> Any:
        connection = self._connections.get(address)
        if connection is None or not connection.connected():
            host, port = address
            connection = await create_conn(
                host, port, request_timeout_ms=_REQUEST_MS, **self._connection
            )
            self._connections[address] = connection
        places = [(each, offset, _PARTITION_BYTES) for each, offset in offsets.items()]
        topics = [(self._topic, places)]
        # of what is new it is first to be known whether there is any
        wait_ms = 0 if self._new.intersection(offsets) else _WAIT_MS
        return await connection.send(FetchRequest(wait_ms, 1, _MAX_BYTES, _READ_COMMITTED, topics))

    # what is answered

    def _answered(self, task: "asyncio.Task[Any]") -> list[Fetched]:
        asked = self._flying.pop(task)
        try:
            response = task.result()
        except (KafkaError, OSError, TimeoutError, NotImplementedError) as error:
            self._hang_up_on(asked.address)
            self._later(f"{type(error).__name__} at {asked.address[0]}:{asked.address[1]}")
            return []
        told = [each for _, partitions in response.topics or () for each in partitions]
        found = [
            self._told(partition, code, rest, asked)
            for partition, code, _, *rest in told
            if self._next.get(partition) == asked.offsets[partition]  # else it was moved
        ]
        if not any(each.error for each in found):
            self._pause = _AGAIN_SECONDS[0]
        return found

    def _told(self, partition: int, code: int, rest: Sequence[Any], asked: _Asked) -> Fetched:
        first = offset = asked.offsets[partition]
        if code != _NO_ERROR:
            self._wait()
            return Fetched(partition, offset, (), offset, None, code)
        self._new.discard(partition)
        stable_end, aborted, data = rest[0], _aborted(rest), rest[-1]
        batches = []
        for each in committed(data or b"", aborted):
            offset = each if isinstance(each, int) else each.next_offset
            batches += [] if isinstance(each, int) else [each]
        # behind the others from now on: an answer has room for few that have much
        self._next.pop(partition)
        self._next[partition] = offset
        ended = asked.at_ms if offset >= stable_end else None
        return Fetched(partition, first, batches, offset, ended)

    def _later(self, reason: str) -> None:
        """Ask who leads, and try again after a moment."""
        self._log.warning("kafka is struggling", reason=reason, seconds=self._pause)
        self._wait()

    def _wait(self) -> None:
        self._leaders = None  # they may be others by then
        self._again_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _AGAIN_SECONDS[1])

    # hanging up

    def _hang_up_on(self, address: Address) -> None:
        connection = self._connections.pop(address, None)
        if connection is not None:
            connection.close()

    async def _hang_up(self) -> None:
        for task in self._flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)
        closing = [each.close() for each in self._connections.values()]
        await asyncio.gather(*closing, return_exceptions=True)
        self._flying.clear()
        self._connections.clear()


def _aborted(rest: Sequence[Any]) -> Sequence[tuple[int, int]]:
    """The protocol's versions from 4 on have the last stable offset first and the records last;
    the aborted transactions are the one list between them."""
    return next((each for each in rest[1:-1] if isinstance(each, list)), [])
