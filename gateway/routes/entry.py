"""GET /v1/{view}/{key}: one entry of a view."""

from collections.abc import Mapping

from starlette.types import Scope

from gateway.bodies import Bodies
from gateway.caching import cacheable
from gateway.freshness import require_freshness
from gateway.problem import UNKNOWN_KEY, Problem
from gateway.reply import Reply
from gateway.view_access import ViewAccess


class EntryRoute:
    def __init__(self, access: ViewAccess) -> None:
        self._access = access
        self._bodies = Bodies()

    async def __call__(self, scope: Scope) -> Reply:
        asked: Mapping[str, str] = scope["path_params"]
        view, key = self._access.view(asked["view"]), asked["key"]
        answer = await self._access.reader.get(view.id, key)
        statuses = ((answer.partition, answer.status),)
        age = require_freshness(view, statuses, self._access.clock(), scope)
        if answer.entry is None:
            raise Problem(
                UNKNOWN_KEY,
                f"{view.id.name} holds nothing under this {view.entity}.",
                headers=age,
                members={"view": view.id.name, "key": key},
            )
        body = self._bodies.of(view.id, key, answer.partition, answer.entry)
        return cacheable(body, age, scope)
