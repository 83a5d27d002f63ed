"""What a stage is: contestants that run in turn, and the bars they are judged by."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bench.figures import RATE, RSS
from bench.ground import Ground

Role = Literal["ceiling", "candidate", "floor", "apart"]
"""`floor` is the plain way, to be outdone by far; `apart` is shown beside the others and compared
with none."""

Sample = Mapping[str, float]
"""What one run of one contestant gave, by the names of its figures."""

MAX_RSS_MIB = 400.0


@dataclass(frozen=True, slots=True)
class Contestant:
    """One of those that run in turn. `measure` runs it once, in a process of its own, and raises
    Fatal when its result is wrong."""

    name: str
    role: Role
    measure: Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Bar:
    """What a stage must reach. The candidate's `figure` is compared with the worst ceiling's
    (`beside`), or with the best floor, or with the number alone."""

    figure: str
    limit: float
    at_least: bool
    beside: bool = True
    against: Role = "ceiling"


def ratio_at_least(limit: float, figure: str = RATE) -> Bar:
    return Bar(figure, limit, at_least=True)


def times_the_floor(limit: float, figure: str = RATE) -> Bar:
    return Bar(figure, limit, at_least=True, against="floor")


def ratio_at_most(limit: float, figure: str) -> Bar:
    return Bar(figure, limit, at_least=False)


def at_most(limit: float, figure: str) -> Bar:
    return Bar(figure, limit, at_least=False, beside=False)


MEMORY = at_most(MAX_RSS_MIB, RSS)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stage with its data in place. `stated` says what it is measured with; `settings` are those
    of the clients, the same object for ceilings and candidate."""

    contestants: Sequence[Contestant]
    stated: Mapping[str, Any]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Stage(Protocol):
    """One row of bench/catalog.py. `prepare` makes its data once; what it gives is left once every
    run is over, also after an error. `max_runs` is for what takes minutes by itself."""

    @property
    def name(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def bars(self) -> Sequence[Bar]: ...
    @property
    def max_runs(self) -> int: ...

    def prepare(self, ground: Ground, share: float) -> AbstractContextManager[Prepared]:
        """`share` of the full amount of facts: 1.0, or less for `--quick`."""
