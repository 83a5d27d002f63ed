"""Requests of the gateway: how many by status, and how long they took.

Counted by hand and made a metric when it is asked for: the client library's own
counter and histogram cost every request a lock for each, for threads that there are not here.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from backbone.metrics import REGISTRY

_BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_NAMES: Final = (*(str(float(each)) for each in _BOUNDS), "+Inf")


class RouteRequests:
    """Of one route. Used from one event loop."""

    __slots__ = ("_buckets", "_seconds", "_statuses", "route")

    def __init__(self, route: str) -> None:
        self.route = route
        self._statuses = Counter[int]()
        self._buckets = [0] * len(_NAMES)
        self._seconds = 0.0

    def count(self, status: int, seconds: float) -> None:
        self._statuses[status] += 1
        self._buckets[bisect_left(_BOUNDS, seconds)] += 1
        self._seconds += seconds

    def by_status(self) -> Sequence[tuple[int, int]]:
        return list(self._statuses.items())

    def histogram(self) -> tuple[list[tuple[str, float]], float]:
        """The buckets as they are exposed, each with all below it; and the sum."""
        return list(zip(_NAMES, map(float, accumulate(self._buckets)), strict=True)), self._seconds


class _Requests(Collector):
    def __init__(self) -> None:
        self._routes: dict[str, RouteRequests] = {}

    def of(self, route: str) -> RouteRequests:
        return self._routes.setdefault(route, RouteRequests(route))

    def collect(self) -> Iterator[Metric]:
        total = CounterMetricFamily(
            "backbone_gateway_requests", "Requests answered", labels=["route", "status"]
        )
        taken = HistogramMetricFamily(
            "backbone_gateway_request_seconds", "From request to answer", labels=["route"]
        )
        for route, requests in list(self._routes.items()):
            for status, count in requests.by_status():
                total.add_metric([route, str(status)], count)
            taken.add_metric([route], *requests.histogram())
        yield from (total, taken)


_REQUESTS: Final = _Requests()
REGISTRY.register(_REQUESTS)


def requests_of(route: str) -> RouteRequests:
    """The counts of a route, by its template: the same ones each time."""
    return _REQUESTS.of(route)
