"""GET /livez: the loop runs. GET /readyz: every view can be read."""

import asyncio
from typing import Any

from starlette.types import Scope

from gateway.problem import NOT_READY, Problem, retry_after
from gateway.reply import Reply, json_reply
from gateway.served_view import ServedView
from gateway.view_access import ViewAccess


class LivenessRoute:
    def __init__(self, _access: ViewAccess) -> None:
        """Liveness asks nobody: a store that is away is no reason to restart the gateway."""

    async def __call__(self, _scope: Scope) -> Reply:
        return json_reply({"live": True})


class ReadinessRoute:
    def __init__(self, access: ViewAccess) -> None:
        self._access = access

    async def __call__(self, _scope: Scope) -> Reply:
        views = self._access.views.values()
        found = await asyncio.gather(*(self._incomplete(view) for view in views))
        state: dict[str, Any] = {
            view.id.name: {"ready": not missing, "incomplete_partitions": missing}
            for view, missing in zip(views, found, strict=True)
        }
        waiting = [name for name, view in state.items() if not view["ready"]]
        if waiting:
            raise Problem(
                NOT_READY,
                f"Not complete yet: {', '.join(waiting)}.",
                headers=[retry_after(1)],
                members={"views": state},
            )
        return json_reply({"ready": True, "views": state})

    async def _incomplete(self, view: ServedView) -> list[int]:
        statuses = await self._access.reader.statuses(view.id)
        return [
            partition
            for partition, status in enumerate(statuses)
            if status is None or status.rebuilding
        ]
