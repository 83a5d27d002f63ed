"""A message's headers as the kernel holds them."""

from collections.abc import Callable, Sequence
from typing import Self, cast, overload

from confluent_kafka import Message

from backbone.header_columns import HeaderColumns
from backbone.record import Headers

_HEADERS = cast("Callable[[Message], Headers | None]", Message.headers)


class EveryHeader(HeaderColumns):
    """All headers of a run of messages, read when it is taken: for whoever wants most of them."""

    def take(self, messages: Sequence[Message]) -> None:
        self.add(headers_of_all(messages))


class FewHeaders(Sequence[Headers]):
    """Headers that are read when they are asked for, and the messages kept until then: for whoever
    wants those of few records."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    def take(self, messages: Sequence[Message]) -> None:
        self._messages += messages

    def extend(self, behind: Self) -> None:
        self._messages += behind._messages

    def __len__(self) -> int:
        return len(self._messages)

    @overload
    def __getitem__(self, index: int) -> Headers: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Headers]: ...
    def __getitem__(self, index: int | slice) -> Headers | Sequence[Headers]:
        found = self._messages[index]
        return headers_of_all(found) if isinstance(found, list) else _HEADERS(found) or ()


def headers_of_all(messages: Sequence[Message]) -> list[Headers]:
    """As `headers_of`, and quicker."""
    return [each or () for each in map(_HEADERS, messages)]


def headers_of(message: Message) -> Headers:
    """What was read is always a list of names and bytes; the stub allows what may be written."""
    return cast("Headers", message.headers() or ())
