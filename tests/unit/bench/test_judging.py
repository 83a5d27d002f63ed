import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from bench.catalog import STAGES
from bench.ground import Ground
from bench.judging import Result, judge
from bench.report import judged, number, print_result
from bench.stage import Bar, Contestant, Prepared, Sample, at_most, ratio_at_least, ratio_at_most


@dataclass(frozen=True)
class Stage:
    bars: Sequence[Bar]
    name: str = "relay"
    what: str = "rows into facts"
    max_runs: int = 99

    @contextmanager
    def prepare(self, ground: Ground, share: float) -> Iterator[Prepared]:
        raise NotImplementedError


def nothing() -> Sample:
    raise NotImplementedError


PREPARED = Prepared(
    (
        Contestant("copy", "ceiling", nothing),
        Contestant("produce", "ceiling", nothing),
        Contestant("relay", "candidate", nothing),
        Contestant("transaction", "apart", nothing),
    ),
    {"rows": 3},
    {"producer": {"linger.ms": 5}},
)


def result(bar: Bar, figure: str, values: Mapping[str, Sequence[float]]) -> Result:
    samples = {
        name: [{figure: each} for each in values.get(name, ())] or [{"other": 1.0}]
        for name in ("copy", "produce", "relay", "transaction")
    }
    return judge(Stage((bar,)), PREPARED, samples)


def test_the_candidate_is_compared_with_the_slower_ceiling_by_medians() -> None:
    found = result(
        ratio_at_least(0.25),
        "per_second",
        {"copy": [900, 800, 1000], "produce": [200, 100, 400], "relay": [60, 10, 500]},
    )

    (judgement,) = found.judgements
    assert (judgement.beside, judgement.value, judgement.holds) == ("produce", 0.3, True)
    assert found.holds


def test_a_ratio_below_its_bar_does_not_hold() -> None:
    values = {"copy": [900.0], "produce": [200.0], "relay": [49.0]}
    found = result(ratio_at_least(0.25), "per_second", values)

    assert not found.holds
    assert judged(found) == [
        {
            "figure": "per_second",
            "measured": "0.24",
            "bar": "at least 0.25",
            "beside": "x produce",
            "holds": "NO",
        }
    ]


def test_times_are_compared_with_the_longer_ceiling_and_what_stands_apart_with_none() -> None:
    values = {"copy": [2.0], "produce": [5.0], "relay": [14.0], "transaction": [100.0]}
    found = result(ratio_at_most(3.0, "p50_ms"), "p50_ms", values)

    (judgement,) = found.judgements
    assert (judgement.beside, judgement.value, judgement.holds) == ("produce", 2.8, True)


@pytest.mark.parametrize(("peak", "holds"), [(400.0, True), (401.0, False)])
def test_a_bar_of_its_own_needs_no_ceiling(peak: float, holds: bool) -> None:
    found = result(at_most(400.0, "peak_rss_mib"), "peak_rss_mib", {"relay": [peak]})

    assert found.holds is holds


def test_the_result_is_json_and_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    values = {"copy": [900.0], "produce": [200.0], "relay": [60.0]}
    found = result(ratio_at_least(0.25), "per_second", values)
    print_result(found)

    told = json.loads(json.dumps(found.to_json()))
    assert told["holds"] is True
    assert told["rows"][2]["figures"] == {
        "per_second": {"median": 60.0, "least": 60.0, "most": 60.0}
    }
    assert told["rows"][2]["samples"] == [{"per_second": 60.0}]
    shown = capsys.readouterr().out
    assert "relay (candidate)" in shown
    assert "producer: linger.ms=5" in shown


@pytest.mark.parametrize(
    ("value", "shown"), [(812_345.6, "812,346"), (99.94, "99.9"), (0.1234, "0.123"), (0.0, "0")]
)
def test_a_figure_shows_the_digits_that_count(value: float, shown: str) -> None:
    assert number(value) == shown


def test_a_row_of_the_catalog_is_named_as_its_stage() -> None:
    assert [stage.name for stage in STAGES.values()] == list(STAGES)
    assert all(stage.bars and stage.what for stage in STAGES.values())
