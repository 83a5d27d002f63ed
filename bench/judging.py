"""From the samples of a stage to its figures, its ratios and what holds. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.stage import Bar, Prepared, Role, Sample, Stage
from bench.statistics import Spread


@dataclass(frozen=True, slots=True)
class Row:
    """One contestant, and what its runs gave."""

    name: str
    role: Role
    figures: Mapping[str, Spread]
    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A bar, and what was measured against it: a ratio of medians, or a median alone."""

    figure: str
    value: float
    bar: float
    kind: str
    beside: str | None
    holds: bool


@dataclass(frozen=True, slots=True)
class Result:
    stage: str
    what: str
    stated: Mapping[str, Any]
    settings: Mapping[str, Mapping[str, Any]]
    rows: Sequence[Row]
    judgements: Sequence[Judgement]

    @property
    def holds(self) -> bool:
        return all(each.holds for each in self.judgements)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"holds": self.holds}


def judge(stage: Stage, prepared: Prepared, samples: Mapping[str, Sequence[Sample]]) -> Result:
    """`samples` by the contestants' names, in the order in which they were taken."""
    rows = [
        Row(each.name, each.role, _spreads(samples[each.name]), samples[each.name])
        for each in prepared.contestants
    ]
    judgements = [
        _judgement(bar, row, [each for each in rows if each.role == bar.against])
        for row in rows
        if row.role == "candidate"
        for bar in stage.bars
        if bar.figure in row.figures
    ]
    return Result(stage.name, stage.what, prepared.stated, prepared.settings, rows, judgements)


def _spreads(samples: Sequence[Sample]) -> dict[str, Spread]:
    return {name: Spread.of([each[name] for each in samples]) for name in samples[0]}


def _judgement(bar: Bar, row: Row, others: Sequence[Row]) -> Judgement:
    value, beside = row.figures[bar.figure].median, None
    if bar.beside:
        # the slower ceiling, or the faster floor: the lower rate, or the longer time, or not
        lowest = bar.at_least is (bar.against == "ceiling")
        worst = (min if lowest else max)(
            (each for each in others if bar.figure in each.figures),
            key=lambda each: each.figures[bar.figure].median,
        )
        value, beside = value / worst.figures[bar.figure].median, worst.name
    return Judgement(
        figure=bar.figure,
        value=value,
        bar=bar.limit,
        kind="at least" if bar.at_least else "at most",
        beside=beside,
        holds=value >= bar.limit if bar.at_least else value <= bar.limit,
    )
