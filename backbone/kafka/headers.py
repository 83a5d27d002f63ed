"""A message's headers as the kernel holds them."""

from typing import cast

from confluent_kafka import Message

from backbone.record import Headers


def headers_of(message: Message) -> Headers:
    """What was read is always a list of names and bytes; the stub allows what may be written."""
    return cast("Headers", message.headers() or ())
