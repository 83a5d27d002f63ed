"""An appender that two threads share: by producers that are played."""

from collections.abc import Callable
from typing import Any

import pytest

from backbone.errors import Transient
from backbone.kafka import publisher
from backbone.kafka.publisher import KafkaAppender
from backbone.log import Message


class Producer:
    """Acknowledges nothing that it was given, which `flush` says."""

    def __init__(self, happens: Callable[[], None]) -> None:
        self._happens = happens
        self.given = 0
        self.purged = False

    def produce(self, *_: Any, **__: Any) -> None:
        self.given += 1
        self._happens()

    def flush(self, _: float) -> int:
        return self.given

    def purge(self) -> None:
        self.purged = True


def test_what_another_thread_found_broken_is_not_taken_for_acknowledged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Any] = []

    def another_thread_fails() -> None:
        appender._producer = made[1]

    def make(_: object) -> Any:
        made.append(Producer(another_thread_fails))
        return made[-1]

    monkeypatch.setattr(publisher, "_producer", make)
    appender = KafkaAppender({"bootstrap.servers": "nowhere:1", "client.id": "t"})
    make(None)

    with pytest.raises(Transient, match="did not acknowledge"):
        appender.append([Message("dlq.x", None, b"letter")])

    assert [each.purged for each in made] == [True, False]
    assert appender._producer is made[1]
