"""A message's headers as the kernel holds them."""

from collections.abc import Callable, Sequence
from typing import cast

from confluent_kafka import Message

from backbone.record import Headers

_HEADERS = cast("Callable[[Message], Headers | None]", Message.headers)


def headers_of_all(messages: Sequence[Message]) -> list[Headers]:
    """As `headers_of`, and quicker."""
    return [each or () for each in map(_HEADERS, messages)]


def headers_of(message: Message) -> Headers:
    """What was read is always a list of names and bytes; the stub allows what may be written."""
    return cast("Headers", message.headers() or ())
