"""What the reader gives of what its client hands over (for the real one: tests/contract)."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import Message, TopicPartition

from backbone.kafka import reader
from backbone.kafka.reader import KafkaReader
from tests.unit.test_taken import end, record


class _Client:
    """Hands over `takes`, one at a time, as `poll` and `consume` do."""

    def __init__(self, takes: Sequence[Sequence[Message]]) -> None:
        self._left = [list(each) for each in takes]
        self._next = 0

    def poll(self, _: float) -> Message | None:
        return self._given([self._left[0].pop(0)])[0] if self._left else None

    def consume(self, _: int, __: float) -> Sequence[Message]:
        return self._given(self._left.pop(0))

    def _given(self, messages: list[Message]) -> list[Message]:
        for each in messages:
            if each.error() is None:
                self._next = (each.offset() or 0) + 1
        return messages

    def position(self, places: Sequence[TopicPartition]) -> Sequence[Any]:
        del places
        return [SimpleNamespace(offset=self._next)]

    def assign(self, _: Any) -> None: ...
    def unassign(self) -> None: ...
    def list_topics(self, *_: Any, **__: Any) -> None: ...


class _Admin:
    def ends(self, _: str) -> Mapping[int, int]:
        return {0: 4}

    def starts(self, _: str) -> Mapping[int, int]:
        return {0: 0}

    def topic_id(self, name: str) -> str:
        return f"id of {name}"


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Any:
    def of(*takes: Sequence[Message]) -> KafkaReader:
        monkeypatch.setattr(reader, "Consumer", lambda _: _Client(takes))
        monkeypatch.setattr(reader, "KafkaTopicAdmin", lambda _: _Admin())
        return KafkaReader({"bootstrap.servers": "nowhere:1"})

    return of


def test_an_end_that_was_met_before_more_was_committed_hides_nothing(reading: Any) -> None:
    some = [record(0, 0), record(0, 1), end(0, 2), record(0, 2), record(0, 3)]
    found = reading(some).scan("t")
    assert [each.position.offset for each in found] == [0, 1, 2, 3]


def test_at_the_end_of_what_is_committed_reading_ends(reading: Any) -> None:
    found = reading([record(0, 0), end(0, 1)], [record(0, 1)]).scan("t")
    assert [each.position.offset for each in found] == [0]
