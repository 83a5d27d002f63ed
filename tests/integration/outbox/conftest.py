import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.integration.outbox.cluster import Cluster
from tests.integration.outbox.shop import Shop


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    """One server for all tests that leave it whole."""
    cluster = Cluster.created()
    yield cluster
    cluster.remove()


@pytest.fixture
def other_cluster() -> Iterator[Cluster]:
    """Another server, for this test alone: it may be crashed."""
    cluster = Cluster.created()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="package")
def _numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def shop_in(_numbers: Iterator[int]) -> Iterator[Callable[[Cluster], Shop]]:
    """Make an empty shop in a cluster; its connections are closed at the end."""
    opened: list[Shop] = []

    def made(cluster: Cluster) -> Shop:
        opened.append(Shop(cluster, cluster.database_with_outbox(f"shop{next(_numbers)}")))
        return opened[-1]

    yield made
    for each in opened:
        each.close()


@pytest.fixture
def shop(cluster: Cluster, shop_in: Callable[[Cluster], Shop]) -> Shop:
    return shop_in(cluster)
