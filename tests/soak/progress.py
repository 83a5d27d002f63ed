"""A pytest plugin: the soak's options, its scenes' numbers, how far it is, and its limit.

No conftest.py, which would tell its lines in every other run, too. Several scenes are played at a
time (pytest-xdist), each by a worker with services of its own: what they report is summed up in the
process that shows it.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from tests.soak.fleet import ACCIDENTS

FIRST_OTHER = 101
"""The scenes that are no rounds of kills have this number or a higher one."""

LONGEST_FIRST = ("storm", "dies_in_mid_work", "kills_and_freezes")
"""In the end nobody waits for a long scene that began last."""


@dataclass
class Progress:
    began: float = field(default_factory=time.monotonic)
    count: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    accidents: Counter[str] = field(default_factory=Counter)

    def gone(self) -> float:
        return time.monotonic() - self.began

    def note(self, report: pytest.TestReport) -> None:
        scene = report.nodeid
        self.seconds[scene] = self.seconds.get(scene, 0.0) + report.duration
        if report.failed:
            self.failed.add(scene)
        for what, counted in report.user_properties:
            if what == "accidents":
                assert isinstance(counted, dict)
                self.accidents.update(counted)

    def line(self, scene: str) -> str:
        """The time left is told as if the others took as long as those before."""
        self.done.append(scene)
        done, gone = len(self.done), self.gone()
        return (
            f"{done:>3}/{self.count} {'FAILED' if scene in self.failed else 'passed'} "
            f"{scene.rpartition('::')[2]} in {self.seconds[scene]:.0f} s; {_minutes(gone)} gone, "
            f"about {_minutes(gone / done * (self.count - done))} left"
        )


_PROGRESS = pytest.StashKey[Progress]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("soak")
    group.addoption("--seeds", type=int, default=20, help="how many rounds of kills there are")
    group.addoption("--seed", type=int, help="this scene alone, by its number")
    group.addoption("--minutes", type=float, default=40.0, help="how long it may take in all")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_PROGRESS] = Progress()
    if not hasattr(config, "workerinput"):  # the process that shows it
        config.pluginmanager.register(Shown(config))


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
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    kinds = [turn for turn, kind in enumerate(LONGEST_FIRST) if kind in item.name]
    return kinds[0] if kinds else len(LONGEST_FIRST)


def pytest_runtest_setup(item: pytest.Item) -> None:
    minutes = item.config.getoption("--minutes")
    if item.config.stash[_PROGRESS].gone() > 60 * minutes:
        pytest.fail(f"the soak has taken longer than {minutes:g} minutes", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """A worker's report takes along the accidents that happened since the one before."""
    report = yield
    report.user_properties = [*report.user_properties, ("accidents", dict(ACCIDENTS))]  # type: ignore[attr-defined] # a hook's result has no type
    ACCIDENTS.clear()
    return report


class Shown:
    """One line a scene, in the process that has the terminal."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._progress = config.stash[_PROGRESS]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._progress.count = len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self._progress.count = len(ids)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._progress.note(report)
        # a worker that died reports neither setup nor teardown
        if report.when in ("setup", "call"):
            return
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        assert terminal is not None
        terminal.write_line(self._progress.line(report.nodeid))
        terminal.flush()  # a file or a pipe would show it when everything is over

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        happened = sorted(self._progress.accidents.items())
        told = ", ".join(f"{count} {what}" for what, count in happened)
        terminalreporter.write_line(f"accidents: {told or 'none'}")


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """No dots: each scene has its line."""
    return (report.outcome, "", "") if report.when == "call" else None


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
