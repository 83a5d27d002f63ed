"""GET /v1/{view}/{key}: one entry of a view."""

import orjson
from starlette.requests import Request

from gateway.caching import cacheable
from gateway.document import entry_document
from gateway.freshness import require_freshness
from gateway.problem import UNKNOWN_KEY, Problem
from gateway.reply import Reply
from gateway.view_access import ViewAccess


class EntryRoute:
    def __init__(self, access: ViewAccess) -> None:
        self._access = access

    async def __call__(self, request: Request) -> Reply:
        view = self._access.view(request.path_params["view"])
        key: str = request.path_params["key"]
        answer = await self._access.reader.get(view.id, key)
        statuses = {answer.partition: answer.status}
        freshness = require_freshness(view, statuses, self._access.clock(), request)
        if answer.entry is None:
            raise Problem(
                UNKNOWN_KEY,
                f"{view.id.name} holds nothing under this {view.entity}.",
                headers=freshness.headers,
                members={"view": view.id.name, "key": key},
            )
        document = entry_document(view.id, key, answer.partition, answer.entry)
        return cacheable(orjson.dumps(document), freshness.headers, request)
