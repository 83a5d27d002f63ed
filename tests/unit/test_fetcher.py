"""What is asked of brokers, and in which order, on a connection that answers by itself."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from backbone.errors import Fatal, Transient
from backbone.kafka.fetch import fetcher
from backbone.kafka.fetch.fetcher import Fetcher
from backbone.log import BEGINNING

HERE = ("broker", 9092)
Answer = tuple[int, int, int, int, int, list[Any], bytes]


@dataclass
class Places:
    led: Sequence[int]
    begins: int = 0
    away: int = 0  # how often a beginning is not told

    def leaders(self, _: str) -> Mapping[int, tuple[str, int]]:
        return dict.fromkeys(self.led, HERE)

    def start_of(self, _: str, partition: int) -> int:
        self.away -= 1
        if self.away >= 0:
            raise Transient(f"{partition} has no leader")
        return self.begins


def one_record(offset: int) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    builder.append(0, 1, b"k", b"v", [])
    return offset.to_bytes(8, "big") + bytes(builder.build())[8:]


@dataclass
class Broker:
    """Answers with one record for each of the first partitions of a request, for as many as it has
    `room`; what is behind the last one is `end` where it is given."""

    room: int = 1_000
    end: int | None = None
    damage: Callable[[bytes], bytes] = bytes
    asked: list[list[tuple[int, int]]] = field(default_factory=list)

    def connected(self) -> bool:
        return True

    async def send(self, request: Any) -> Any:
        ((topic, places),) = request.topics
        self.asked.append([(partition, offset) for partition, offset, _ in places])
        return SimpleNamespace(topics=[(topic, [*self._answers(places)])])

    def _answers(self, places: Sequence[tuple[int, int, int]]) -> Iterator[Answer]:
        for at, (partition, offset, _) in enumerate(places):
            data = self.damage(one_record(offset)) if at < self.room else b""
            end = self.end if self.end is not None else offset + 1
            yield partition, 0, end, end, 0, [], data

    async def close(self) -> None: ...


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker()

    async def connected(*_: Any, **__: Any) -> Broker:
        return made

    monkeypatch.setattr(fetcher, "create_conn", connected)
    return made


def reading(places: Places, partitions: Sequence[int], start: int = 0) -> Fetcher:
    made = Fetcher("topic", {}, places)
    for each in partitions:
        made.start(each, start)
    return made


def served(made: Fetcher, polls: int) -> Counter[int]:
    """How often each partition gave records."""
    with closing(made):
        found = [each for _ in range(polls) for each in made.poll(0.01)]
    return Counter(each.partition for each in found if each.batches)


def test_a_partition_without_a_leader_holds_up_no_other(broker: Broker) -> None:
    found = served(reading(Places([1, 2]), [0, 1, 2]), 20)
    assert broker.asked
    assert (found[0], found[1] >= 15, found[2] >= 15) == (0, True, True)


def test_one_whose_beginning_is_not_told_holds_up_no_other(broker: Broker) -> None:
    made = reading(Places([0, 1], begins=5, away=1), [0, 1])
    made.start(0, BEGINNING)
    assert made.poll(0.01)[0].partition == 1
    while not any(each.partition == 0 for each in made.poll(0.01)):
        pass
    made.close()
    assert (0, 5) in [each for asked in broker.asked for each in asked]


def test_each_partition_has_its_turn_where_answers_have_no_room_for_all(broker: Broker) -> None:
    broker.room = 2
    found = served(reading(Places([0, 1, 2]), [0, 1, 2]), 30)
    assert min(found[each] for each in (0, 1, 2)) >= 15


@pytest.mark.parametrize(("end", "told"), [(8, True), (7, False), (9, False)])
def test_an_end_is_where_all_that_is_committed_was_read(
    broker: Broker, end: int, *, told: bool
) -> None:
    """Neither where there is more, nor where a new leader does not know yet of what was read."""
    broker.room, broker.end = 0, end
    made = reading(Places([0]), [0], start=8)
    found = [each for _ in range(5) for each in made.poll(0.01)]
    made.close()
    assert {each.ended_ms is not None for each in found} == {told}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:8] + b"\xff" * 4 + data[12:],
        lambda data: data[:8] + (20).to_bytes(4, "big") + data[12:],
    ],
    ids=["a negative length", "too short a length"],
)
def test_what_is_no_record_batch_ends_the_reader_and_is_named(
    broker: Broker, damage: Callable[[bytes], bytes]
) -> None:
    broker.damage = damage
    with pytest.raises(Fatal, match="topic/0 at or behind offset 0 is no record batch"):
        served(reading(Places([0]), [0]), 5)
