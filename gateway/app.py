"""The gateway as an ASGI application."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from starlette.routing import Router
from starlette.types import ASGIApp

from backbone.errors import Misconfigured
from backbone.views.store import ViewReader
from gateway.answering import Answering
from gateway.routes.catalog import ROUTES
from gateway.routes.not_found import not_found
from gateway.routing import PathRoute
from gateway.served_view import ServedView
from gateway.view_access import ViewAccess


def build_app(
    views: Sequence[ServedView], reader: ViewReader, clock: Callable[[], float] = time.time
) -> ASGIApp:
    """Serve `views` from `reader`, which the application closes when it shuts down.

    Raises Misconfigured when two views have one name.
    """
    by_name = {view.id.name: view for view in views}
    if len(by_name) < len(views):
        raise Misconfigured("two served views have the same name: serve one version of each")
    access = ViewAccess(by_name, reader, clock)

    @asynccontextmanager
    async def close_reader_at_the_end(_app: object) -> AsyncIterator[None]:
        yield
        await reader.close()

    return Router(
        routes=[
            PathRoute(template, Answering(template, endpoint(access)))
            for template, endpoint in ROUTES.items()
        ],
        redirect_slashes=False,
        default=Answering("none", not_found),
        lifespan=close_reader_at_the_end,
    )
