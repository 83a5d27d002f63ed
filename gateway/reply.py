"""What an endpoint answers, before it is sent."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

import orjson
from starlette.types import Scope

ReplyHeader = tuple[bytes, bytes]
JSON: Final = (b"content-type", b"application/json")
NOT_STORED: Final = (b"cache-control", b"no-store")


class Reply(NamedTuple):
    status: int
    headers: Sequence[ReplyHeader]
    body: bytes


class Endpoint(Protocol):
    """One route's work. Raises Problem for every answer that is no success."""

    async def __call__(self, scope: Scope, /) -> Reply: ...


def json_reply(document: Any) -> Reply:
    """A success that no cache may keep."""
    return Reply(200, (JSON, NOT_STORED), orjson.dumps(document))
