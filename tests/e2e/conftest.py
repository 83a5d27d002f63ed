from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.stack.stack import Endpoints, Stack
from tests.e2e.warm import Warm
from tests.e2e.world import World

# their asserts tell as much as a test's own
pytest.register_assert_rewrite("tests.e2e.expectations", "tests.e2e.letters")


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    with closing(Warm()) as made:
        yield made


@pytest.fixture
def world(stack: Stack, warm: Warm, tmp_path: Path) -> Iterator[World]:
    endpoints: Endpoints = stack.up()
    made = World(endpoints, tmp_path, warm)
    made.reset()
    yield made
    made.end()
