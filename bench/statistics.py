"""Medians, spreads, percentiles, and a line through points. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median


@dataclass(frozen=True, slots=True)
class Spread:
    """What several runs gave: the middle one, and the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through points, by least squares: how much it rises from the first point to
    the last, and the standard deviation of what it leaves over."""

    growth: float
    noise: float

    @classmethod
    def of(cls, times: Sequence[float], values: Sequence[float]) -> "Trend":
        middle, level = fmean(times), fmean(values)
        width = sum((each - middle) ** 2 for each in times)
        pairs = list(zip(times, values, strict=True))
        slope = sum((at - middle) * (value - level) for at, value in pairs) / (width or 1.0)
        left = [value - level - slope * (at - middle) for at, value in pairs]
        noise = math.sqrt(sum(each * each for each in left) / len(left))
        return cls(slope * (times[-1] - times[0]), noise)
