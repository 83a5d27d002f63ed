"""The real services, shared by the whole run: containers where a Docker engine answers, else one
embedded stack. TEST_SERVICES decides otherwise (tests/containers.py).

A missing service skips on a laptop, saying so, and fails in CI.
"""

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cli.loopback import spare_loopback
from cli.stack.stack import Endpoints, Stack, StackError
from tests import containers

spare_loopback()

LONGEST = (
    *("kills", "outages", "fencing", "warehouse", "warehouse_retries"),
    *("explain", "demo", "bad_input", "compose_roles", "undecided"),
)
REAL = ("e2e", "integration", "contract", "scaffolds", "validators")
"""Folders whose tests take longer than others."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests are kept to the end: no use to look for garbage among them, neither while
    they are collected nor, frozen, while they run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files begin first: in the end no worker is alone with one while the others are done."""
    items.sort(key=lambda item: _turn(item.path))


def _turn(path: Path) -> tuple[int, int]:
    folders = path.relative_to(containers.ROOT).parts
    folder = next((turn for turn, name in enumerate(REAL) if name in folders), len(REAL))
    name = path.stem.removeprefix("test_")
    return folder, LONGEST.index(name) if name in LONGEST else len(LONGEST)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The embedded stack, wherever the tests run: for those that kill and restart its services."""
    made = Stack(Path(tmp_path_factory.mktemp("stack")))
    try:
        made.up()
    except StackError as error:
        made.down()
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the embedded stack does not start here: {error}")
    yield made
    made.down()


@pytest.fixture(scope="session")
def endpoints(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoints]:
    """For every test that leaves the services running."""
    if not containers.wanted(os.environ, containers.what_is_missing):
        stack: Stack = request.getfixturevalue("stack")
        yield stack.up()
        return
    with containers.running(tmp_path_factory.mktemp("containers")) as found:
        containers.settle(found)
        yield found


@pytest.fixture(scope="session")
def clickhouse_url(endpoints: Endpoints) -> str:
    if not endpoints.clickhouse_url:
        if os.environ.get("CI"):
            raise StackError("ClickHouse's engine is not installed")
        pytest.skip("ClickHouse's engine is not installed: install backbone[warehouse]")
    return endpoints.clickhouse_url


@pytest.fixture
def unique() -> str:
    """A name nobody else has: topics, groups and views of different tests never meet."""
    return f"t{uuid4().hex[:12]}"
