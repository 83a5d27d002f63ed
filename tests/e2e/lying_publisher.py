"""A publisher that betrays its source: what a defect between a source and the broker would do."""

from collections.abc import Callable, Iterable, Sequence

from backbone.log import Message, Publisher

Lie = Callable[[Message], Sequence[Message]]
"""What goes out in a message's place: nothing, itself twice, another one."""


class LyingPublisher:
    def __init__(self, publisher: Publisher, lie: Lie) -> None:
        self._publisher = publisher
        self._lie = lie

    def open(self) -> bytes | None:
        return self._publisher.open()

    def publish(self, messages: Iterable[Message], cursor: bytes | Callable[[], bytes]) -> None:
        told = (each for message in messages for each in self._lie(message))
        self._publisher.publish(told, cursor)

    def check(self) -> None:
        self._publisher.check()

    def close(self) -> None:
        self._publisher.close()
