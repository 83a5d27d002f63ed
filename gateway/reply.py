"""What an endpoint answers, before it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson
from starlette.requests import Request

ReplyHeader = tuple[bytes, bytes]
JSON: Final = (b"content-type", b"application/json")
NOT_STORED: Final = (b"cache-control", b"no-store")


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Sequence[ReplyHeader]
    body: bytes


class Endpoint(Protocol):
    """One route's work. Raises Problem for every answer that is no success."""

    async def __call__(self, request: Request, /) -> Reply: ...


def json_reply(document: Any) -> Reply:
    """A success that no cache may keep."""
    return Reply(200, (JSON, NOT_STORED), orjson.dumps(document))
