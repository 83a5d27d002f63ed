"""All routes: path template to endpoint, tried from the top, the hottest first."""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.reply import Endpoint
from gateway.routes.entry import EntryRoute
from gateway.routes.health import LivenessRoute, ReadinessRoute
from gateway.routes.index import IndexRoute
from gateway.routes.listing import ListingRoute
from gateway.routes.metrics import MetricsRoute
from gateway.routes.problems import ProblemsRoute
from gateway.view_access import ViewAccess

ROUTES: Final[Mapping[str, Callable[[ViewAccess], Endpoint]]] = {
    "/v1/{view}/{key}": EntryRoute,
    "/v1/{view}": ListingRoute,
    "/livez": LivenessRoute,
    "/readyz": ReadinessRoute,
    "/metrics": MetricsRoute,
    "/problems/{code}": ProblemsRoute,
    "/": IndexRoute,
}
