import pytest

from bench.latency import latencies_ms
from bench.statistics import Spread, Trend, percentile


def test_a_spread_is_the_middle_the_least_and_the_most() -> None:
    assert Spread.of([5.0, 1.0, 9.0, 2.0, 4.0]) == Spread(4.0, 1.0, 9.0)
    assert Spread.of([1.0, 2.0]) == Spread(1.5, 1.0, 2.0)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (0.991, 100.0), (1.0, 100.0), (0.0, 1.0)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    values = [float(each) for each in range(100, 0, -1)]

    assert percentile(values, share) == expected


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 0.99) == 7.0


def test_a_line_without_noise_tells_what_it_grew_by() -> None:
    trend = Trend.of([10.0, 11.0, 12.0, 13.0], [200.0, 202.0, 204.0, 206.0])

    assert trend.growth == pytest.approx(6.0)
    assert trend.noise == pytest.approx(0.0)


def test_a_single_point_makes_no_line() -> None:
    assert Trend.of([1.0], [200.0]) == Trend(0.0, 0.0)


def test_what_goes_up_and_down_has_noise_and_no_growth() -> None:
    trend = Trend.of([0.0, 1.0, 2.0, 3.0, 4.0], [100.0, 104.0, 100.0, 104.0, 100.0])

    assert trend.growth == pytest.approx(0.0)
    assert trend.noise == pytest.approx(1.959, abs=0.001)


def test_a_fact_is_seen_at_the_first_step_that_stands_behind_it() -> None:
    placed = [(0, 4, 1_000_000), (0, 5, 2_000_000), (1, 0, 3_000_000)]
    steps = [(0, 5, 6_000_000), (0, 9, 8_000_000), (1, 1, 3_500_000)]

    assert latencies_ms(placed, steps) == [5.0, 6.0, 0.5]


def test_a_fact_that_was_never_seen_spoils_the_measurement() -> None:
    with pytest.raises(ValueError, match="the fact at 0/5 was never seen"):
        latencies_ms([(0, 5, 0)], [(0, 5, 10), (1, 9, 10)])
