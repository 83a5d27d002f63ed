"""The real services, shared by the whole run: one embedded stack, or the ones named by settings.

A missing service skips on a laptop, saying so, and fails in CI.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cli.stack.stack import Endpoints, Stack, StackError


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
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
def endpoints(stack: Stack) -> Endpoints:
    return stack.up()


@pytest.fixture
def unique() -> str:
    """A name nobody else has: topics, groups and views of different tests never meet."""
    return f"t{uuid4().hex[:12]}"
