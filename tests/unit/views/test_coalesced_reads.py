import asyncio
from collections.abc import Sequence

import pytest

from backbone.errors import Transient
from backbone.views.coalesced_reads import CoalescedReads


class Shelf:
    """Answers every name with itself in upper case, when told to, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[list[bytes]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None

    async def read_many(self, names: Sequence[bytes]) -> list[bytes | None]:
        self.asked.append(list(names))
        await self.open.wait()
        if self.error:
            raise self.error
        return [name.upper() for name in names]


async def turns(count: int = 5) -> None:
    """Let everything run that can."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_a_lone_read_is_one_round_trip() -> None:
    async def scenario() -> None:
        shelf = Shelf()
        shelf.open.set()
        reads = CoalescedReads(shelf.read_many)
        assert await reads.read(b"a", b"s") == {b"a": b"A", b"s": b"S"}
        assert await reads.read(b"b", b"s") == {b"b": b"B", b"s": b"S"}
        assert shelf.asked == [[b"a", b"s"], [b"b", b"s"]]

    asyncio.run(scenario())


def test_reads_asked_meanwhile_share_the_next_round_trip_and_each_name_once() -> None:
    async def scenario() -> None:
        shelf = Shelf()
        reads = CoalescedReads(shelf.read_many)
        first = asyncio.create_task(reads.read(b"a", b"s"))
        await turns()
        later = [asyncio.create_task(reads.read(name, b"s")) for name in (b"b", b"c", b"b")]
        await turns()
        shelf.open.set()
        assert (await first)[b"a"] == b"A"
        assert [dict(found)[b"s"] for found in await asyncio.gather(*later)] == [b"S"] * 3
        assert shelf.asked == [[b"a", b"s"], [b"b", b"s", b"c"]]

    asyncio.run(scenario())


def test_a_round_trip_is_bounded() -> None:
    async def scenario() -> None:
        shelf = Shelf()
        shelf.open.set()
        reads = CoalescedReads(shelf.read_many)
        await asyncio.gather(*(reads.read(b"%d" % number) for number in range(600)))
        assert [len(names) for names in shelf.asked] == [256, 256, 88]

    asyncio.run(scenario())


def test_a_failed_round_trip_fails_its_reads_and_no_later_one() -> None:
    async def scenario() -> None:
        shelf = Shelf()
        shelf.error = Transient("away")
        shelf.open.set()
        reads = CoalescedReads(shelf.read_many)
        found = await asyncio.gather(reads.read(b"a"), reads.read(b"b"), return_exceptions=True)
        assert [type(error) for error in found] == [Transient, Transient]
        shelf.error = None
        assert await reads.read(b"a") == {b"a": b"A"}

    asyncio.run(scenario())


def test_a_read_that_is_given_up_disturbs_nobody() -> None:
    async def scenario() -> None:
        shelf = Shelf()
        reads = CoalescedReads(shelf.read_many)
        given_up, patient = (asyncio.create_task(reads.read(name)) for name in (b"a", b"b"))
        await turns()
        given_up.cancel()
        await turns()
        shelf.open.set()
        assert (await patient)[b"b"] == b"B"
        with pytest.raises(asyncio.CancelledError):
            await given_up

    asyncio.run(scenario())
