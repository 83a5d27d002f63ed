"""GET /v1/{view}?limit=&cursor=: the entries of a view in order of the bytes of their keys.

A cursor names the key to continue behind, not a snapshot: an entry that changes while somebody
turns pages is seen once, as it is then; no key is skipped and none comes twice.
"""

import base64
import binascii
from typing import Final

import orjson
from starlette.datastructures import QueryParams
from starlette.types import Scope

from backbone.views.layout import partition_for
from gateway.caching import body_of, cacheable
from gateway.document import entry_document
from gateway.freshness import require_freshness
from gateway.problem import BAD_PARAMETER, Problem
from gateway.reply import Reply, ReplyHeader
from gateway.view_access import ViewAccess

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 500
_ALLOWED: Final = {
    "limit": f"a whole number from 1 to {MAX_LIMIT}; {DEFAULT_LIMIT} without it",
    "cursor": "what the `next` link of the page before holds",
}


class ListingRoute:
    def __init__(self, access: ViewAccess) -> None:
        self._access = access

    async def __call__(self, scope: Scope) -> Reply:
        view = self._access.view(scope["path_params"]["view"])
        query = QueryParams(scope["query_string"])
        _require_known(query)
        limit = _limit(query)
        after = _after(query)
        page = await self._access.reader.page(view.id, after, limit)
        statuses = tuple(enumerate(page.statuses))
        age = require_freshness(view, statuses, self._access.clock(), scope)
        following = _next(view.id.name, limit, page.next_key)
        document = {
            "data": [
                entry_document(view.id, key, partition_for(view.id, key), entry)
                for key, entry in page.entries
            ],
            "next": following,
        }
        headers = [*age, *_link(following)]
        return cacheable(body_of(orjson.dumps(document)), headers, scope)


def _require_known(query: QueryParams) -> None:
    """A filter that is ignored would look like an answer."""
    if not query.keys() <= _ALLOWED.keys():
        raise _bad_parameter(f"Only {' and '.join(_ALLOWED)} are taken.")


def _limit(query: QueryParams) -> int:
    given = query.get("limit", str(DEFAULT_LIMIT))
    # Four characters: int() of a longer text costs more than it is worth.
    valid = given.isascii() and given.isdigit() and len(given) < 5  # noqa: PLR2004
    if not valid or not 1 <= int(given) <= MAX_LIMIT:
        raise _bad_parameter(f"limit is not a whole number from 1 to {MAX_LIMIT}.")
    return int(given)


def _after(query: QueryParams) -> str | None:
    given = query.get("cursor")
    if given is None:
        return None
    try:
        padded = given + "=" * (-len(given) % 4)
        return base64.b64decode(padded, altchars="-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise _bad_parameter("cursor was not issued by this gateway.") from None


def _bad_parameter(detail: str) -> Problem:
    return Problem(BAD_PARAMETER, detail, members={"allowed": _ALLOWED})


def _next(view: str, limit: int, next_key: str | None) -> str | None:
    if next_key is None:
        return None
    cursor = base64.urlsafe_b64encode(next_key.encode()).decode().rstrip("=")
    return f"/v1/{view}?limit={limit}&cursor={cursor}"


def _link(following: str | None) -> list[ReplyHeader]:
    return [] if following is None else [(b"link", f'<{following}>; rel="next"'.encode())]
