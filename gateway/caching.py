"""ETag and conditional requests.

The ETag is strong and a hash of the body: whatever changes the body changes it (a rebuild by other
code, a replayed fact), and what does not change the body does not, so caches outlive a rebuild.

Cache-Control is `no-cache` for every view whatever its objective: a cache may keep the body, but
asks before each use. A 304 costs the body only, and its headers replace the stored ones (RFC 9111,
4.3.4), so age and position stay true. Out of a `max-age` they would be lies.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from starlette.types import Scope

from gateway.reply import JSON, Reply, ReplyHeader
from gateway.request_headers import all_headers

_CACHING: Final[tuple[ReplyHeader, ...]] = (
    (b"cache-control", b"no-cache"),
    (b"vary", b"Backbone-Max-Staleness"),
)
_ETAGS: Final = re.compile(rb'"[^"]*"')


class Body(NamedTuple):
    """A JSON body and its ETag."""

    data: bytes
    etag: bytes


def body_of(data: bytes) -> Body:
    return Body(data, b'"%b"' % blake2b(data, digest_size=12).hexdigest().encode())


def cacheable(body: Body, headers: Sequence[ReplyHeader], scope: Scope) -> Reply:
    """A body with its ETag, or 304 with the same headers when the client has it already."""
    told = ((b"etag", body.etag), *_CACHING, *headers)
    asked = all_headers(scope, b"if-none-match")
    if asked and _is_known(body.etag, asked):
        return Reply(304, told, b"")
    return Reply(200, (JSON, *told), body.data)


def _is_known(etag: bytes, if_none_match: Sequence[bytes]) -> bool:
    """Weak comparison, as If-None-Match has it: a `W/` in front makes no difference."""
    given = b",".join(if_none_match).strip()
    return given == b"*" or etag in _ETAGS.findall(given)
