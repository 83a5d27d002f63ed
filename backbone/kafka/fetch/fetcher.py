"""Fetches: where each partition is read, and what the brokers answered.

A fetch is on its way while what came before is worked on: the answer waits in the connection. There
is no thread: time passes here in `poll` alone, and everything is called by whoever polls.
"""

import asyncio
import logging
import struct
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.protocol.fetch import FetchRequest

from backbone.errors import Fatal, Transient
from backbone.kafka.fetch.record_batches import BatchOfRecords, committed
from backbone.logs import logger

Address = tuple[str, int]


class Places(Protocol):
    """What an administrator knows of a topic. Raises Transient and Misconfigured."""

    def leaders(self, name: str) -> Mapping[int, Address]:
        """Which broker leads which partition."""

    def start_of(self, topic: str, partition: int) -> int:
        """The offset of the first record that is still there."""


# what a connection says of itself is unstructured; what matters comes back as an error
_QUIET = logging.getLogger("aiokafka")
_QUIET.propagate = False
_QUIET.addHandler(logging.NullHandler())

_READ_COMMITTED = 1
_NO_ERROR = 0
OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC = 1, 3
_WAIT_MS = 100  # how long a quiet partition may hold up what is new or resumed
_MAX_BYTES = 4 * 1024 * 1024  # of an answer, compressed; a larger record batch comes alone
_PARTITION_BYTES = 2 * 1024 * 1024
_REQUEST_MS = 30_000  # far more than the broker waits
_HANG_UP_SECONDS = 1.0
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
        self._waits: dict[int, float] = {}  # until when, behind a failure
        self._pauses: dict[int, float] = {}  # how long the next such wait is
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
        Raises Fatal, Misconfigured; where brokers do not answer it is said, and they are asked
        again."""
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
            await asyncio.sleep(min(seconds, _AGAIN_SECONDS[0]))
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
        """Every broker that owes no answer, for the partitions that it leads and that do not wait
        behind a failure."""
        now = time.monotonic()
        due = [each for each in self._next if now >= self._waits.get(each, 0.0)]
        if not due or not self._have_leaders(due):
            return
        leaders, busy = self._leaders or {}, {each.address for each in self._flying.values()}
        by_address: dict[Address, dict[int, int]] = defaultdict(dict)
        for partition in due:
            address = leaders.get(partition)
            if address is None or address in busy:
                continue
            offset = self._offset(partition)
            if offset is not None:
                by_address[address][partition] = offset
        for address, offsets in by_address.items():
            task = asyncio.create_task(self._fetch(address, offsets))
            self._flying[task] = _Asked(address, offsets, int(time.time() * 1000))
        without = [each for each in due if each not in leaders]
        if without:
            self._later(without, "they have no leader")
        if by_address:
            await asyncio.sleep(0)  # so that they are sent, if only the connections are there

    def _have_leaders(self, due: Sequence[int]) -> bool:
        try:
            self._leaders = self._leaders or self._places.leaders(self._topic)
        except Transient as error:
            self._later(due, str(error))
            return False
        return True

    def _offset(self, partition: int) -> int | None:
        """Where to read next; None where that cannot be asked for now."""
        offset = self._next[partition]
        if offset < 0:
            try:
                offset = self._next[partition] = self._places.start_of(self._topic, partition)
            except Transient as error:
                self._later([partition], str(error))
                return None
        return offset

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
        except Exception as error:  # noqa: BLE001 - aiokafka's have no common class; it is said
            self._hang_up_on(asked.address)
            where = f"{asked.address[0]}:{asked.address[1]}"
            self._later([*asked.offsets], f"{type(error).__name__} at {where}")
            return []
        told = [each for _, partitions in response.topics or () for each in partitions]
        return [
            self._told(partition, code, rest, asked)
            for partition, code, _, *rest in told
            if self._next.get(partition) == asked.offsets[partition]  # else it was moved
        ]

    def _told(self, partition: int, code: int, rest: Sequence[Any], asked: _Asked) -> Fetched:
        first = asked.offsets[partition]
        if code != _NO_ERROR:
            self._wait([partition])
            return Fetched(partition, first, (), first, None, code)
        self._new.discard(partition)
        self._pauses.pop(partition, None)
        stable_end, data = rest[0], rest[-1] or b""
        batches, offset = self._committed(partition, first, data, _aborted(rest))
        if data:  # behind the others from now on: an answer has room for few that have much
            self._next.pop(partition)
        self._next[partition] = offset
        # a leader that is new may know of less than was read: that is no end
        ended = asked.at_ms if offset == stable_end else None
        return Fetched(partition, first, batches, offset, ended)

    def _committed(
        self, partition: int, offset: int, data: bytes, aborted: Sequence[tuple[int, int]]
    ) -> tuple[Sequence[BatchOfRecords], int]:
        """And the offset behind them. Raises Fatal."""
        batches, first = list[BatchOfRecords](), offset
        try:
            for each in committed(data, aborted):
                offset = each if isinstance(each, int) else each.next_offset
                batches += [] if isinstance(each, int) else [each]
        except (IndexError, struct.error) as error:
            raise Fatal(
                f"what stands in {self._topic}/{partition} at or behind offset {first} is no "
                "record batch: look at the broker's disk and replicas"
            ) from error
        return batches, offset

    def _later(self, partitions: Sequence[int], reason: str) -> None:
        """Ask who leads, and try these again after a moment; the others go on."""
        self._log.warning("kafka is struggling", partitions=sorted(partitions), reason=reason)
        self._wait(partitions)

    def _wait(self, partitions: Sequence[int]) -> None:
        self._leaders = None  # they may be others by then
        least, most = _AGAIN_SECONDS
        for each in partitions:
            pause = self._pauses.get(each, least)
            self._waits[each] = time.monotonic() + pause
            self._pauses[each] = min(2 * pause, most)

    # hanging up

    def _hang_up_on(self, address: Address) -> None:
        connection = self._connections.pop(address, None)
        if connection is not None:
            connection.close()

    async def _hang_up(self) -> None:
        for task in self._flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)
        closing = [asyncio.ensure_future(each.close()) for each in self._connections.values()]
        if closing:
            await asyncio.wait(closing, timeout=_HANG_UP_SECONDS)
        self._flying.clear()
        self._connections.clear()


def _aborted(rest: Sequence[Any]) -> Sequence[tuple[int, int]]:
    """The protocol's versions from 4 on have the last stable offset first and the records last;
    the aborted transactions are the one list between them."""
    return next((each for each in rest[1:-1] if isinstance(each, list)), [])
