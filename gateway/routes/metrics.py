"""GET /metrics: for Prometheus."""

from starlette.types import Scope

from backbone.metrics import render
from gateway.reply import NOT_STORED, Reply
from gateway.view_access import ViewAccess


class MetricsRoute:
    def __init__(self, _access: ViewAccess) -> None:
        """Metrics are of the process, not of a view."""

    async def __call__(self, _scope: Scope) -> Reply:
        body, content_type = render()
        return Reply(200, ((b"content-type", content_type.encode()), NOT_STORED), body)
