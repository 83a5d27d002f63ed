"""A pytest plugin: the soak's options, its scenes' numbers, how far it is, and its limit.

No conftest.py, which would tell its lines in every other run, too.
"""

import time
from collections.abc import Iterator

import pytest

from tests.soak.fleet import ACCIDENTS

FIRST_OTHER = 101
"""The scenes that are no rounds of kills have this number or a higher one."""

_BEGAN = pytest.StashKey[float]()
_DONE = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("soak")
    group.addoption("--seeds", type=int, default=20, help="how many rounds of kills there are")
    group.addoption("--seed", type=int, help="this scene alone, by its number")
    group.addoption("--minutes", type=float, default=60.0, help="how long it may take in all")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_BEGAN] = time.monotonic()
    config.stash[_DONE] = []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The rounds of kills are numbered from 1 on; every other scene has a number of its own."""
    if "round_seed" in metafunc.fixturenames:
        one, count = metafunc.config.getoption("--seed"), metafunc.config.getoption("--seeds")
        further = [one] if one is not None and count < one < FIRST_OTHER else []
        metafunc.parametrize("round_seed", [*range(1, count + 1), *further])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    one = config.getoption("--seed")
    if one is not None:
        items[:] = [item for item in items if one in item.callspec.params.values()]  # type: ignore[attr-defined]


def pytest_runtest_setup(item: pytest.Item) -> None:
    minutes = item.config.getoption("--minutes")
    if time.monotonic() - item.config.stash[_BEGAN] > 60 * minutes:
        pytest.fail(f"the soak has taken longer than {minutes:g} minutes", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """One line a scene, with the time left if the others take as long as those before."""
    began = time.monotonic()
    result = yield
    failed = item.stash.get(_FAILED, False)
    stash, terminal = item.config.stash, item.config.pluginmanager.get_plugin("terminalreporter")
    assert terminal is not None
    stash[_DONE].append(item.nodeid)
    done, count = len(stash[_DONE]), item.session.testscollected
    gone = time.monotonic() - stash[_BEGAN]
    terminal.write_line(
        f"{done:>3}/{count} {'FAILED' if failed else 'passed'} {item.name} "
        f"in {time.monotonic() - began:.0f} s; {_minutes(gone)} gone, "
        f"about {_minutes(gone / done * (count - done))} left"
    )
    return result


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed  # type: ignore[attr-defined]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = ", ".join(f"{count} {what}" for what, count in sorted(ACCIDENTS.items()))
    terminalreporter.write_line(f"accidents: {told or 'none'}")


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """No dots: each scene has its line."""
    return (report.outcome, "", "") if report.when == "call" else None


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
