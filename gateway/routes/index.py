"""GET /: what is served here."""

from typing import Any
from urllib.parse import quote

from starlette.types import Scope

from gateway.reply import Reply, json_reply
from gateway.served_view import ServedView
from gateway.view_access import ViewAccess


class IndexRoute:
    def __init__(self, access: ViewAccess) -> None:
        self._document = {
            "views": [_described(view) for _, view in sorted(access.views.items())],
            "links": {"live": "/livez", "ready": "/readyz", "metrics": "/metrics"},
        }

    async def __call__(self, _scope: Scope) -> Reply:
        return json_reply(self._document)


def _described(view: ServedView) -> dict[str, Any]:
    path = f"/v1/{view.id.name}"
    return {
        "name": view.id.name,
        "version": view.id.version,
        "description": view.description,
        "key": view.entity,
        "freshness_seconds": view.freshness_seconds,
        "links": {
            "list": path,
            "entry": f"{path}/{{{view.entity}}}",
            "example": f"{path}/{quote(view.example_key, safe='')}",
        },
    }
