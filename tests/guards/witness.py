"""A pytest plugin: what became of each test, and in which phase, as JSON for the trial."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

_outcomes: list[dict[str, Any]] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--witness", type=Path, help="where to write what became of each test")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    raised = call.excinfo
    _outcomes.append(
        {
            "test": item.nodeid,
            "phase": report.when,
            "outcome": report.outcome,
            "raised": "" if raised is None else raised.type.__name__,
            "said": "" if raised is None else str(raised.value),
        }
    )
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    session.config.getoption("--witness").write_text(json.dumps(_outcomes))
