"""Two samples of numbers compared on the scale of the drift scores, whose alarm line is 0.15 at every size.

The nulls are those of the textbooks, so they hold at any pair of sizes. Pure: no clock, no files, no model calls.
"""

from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np

from pipeline.monitoring.distances import Floats

# Mean and standard deviation of Kolmogorov's distribution.
KOLMOGOROV_MEAN = sqrt(pi / 2) * log(2)
KOLMOGOROV_SD = sqrt(pi**2 / 12 - pi / 2 * log(2) ** 2)


@dataclass(frozen=True, kw_only=True)
class Line:
    """What a statistic is without drift, and where it alarms: `mean` gives a z of 0, `mean + width` a z of 1."""

    mean: float
    width: float

    def z(self, raw: float) -> float:
        return (raw - self.mean) / self.width

    def at(self, z: float) -> float:
        return self.mean + z * self.width


def effective_size(window: int, reference: int) -> float:
    """n m / (n + m): what a comparison of n with m values is worth. It ends at m, so a huge window finds no trifles."""
    return window * reference / (window + reference)


def kolmogorov_line(window: int, reference: int, alpha: float) -> Line:
    """The line of a Kolmogorov-Smirnov distance that is crossed by chance in `alpha` of all windows.

    The first term of Kolmogorov's series: exact to six digits below 5% (Smirnov, Ann. Math. Statist. 19 (1948), 279).
    """
    root = sqrt(effective_size(window, reference))
    return Line(mean=KOLMOGOROV_MEAN / root, width=(sqrt(-log(alpha / 2) / 2) - KOLMOGOROV_MEAN) / root)


def distances(window: Floats, reference: Floats) -> Floats:
    """The Kolmogorov-Smirnov distance of each column of `window` (n, d) from that of `reference` (m, d), both sorted.

    A value that is missing counts as larger than all others, so that more missing values are a shift too.
    """
    found = np.empty(window.shape[1])
    for column in range(window.shape[1]):
        ours, theirs = window[:, column], reference[:, column]
        at = np.concatenate([ours, theirs])
        ours_below = np.searchsorted(ours, at, side="right") / len(ours)
        theirs_below = np.searchsorted(theirs, at, side="right") / len(theirs)
        found[column] = np.abs(ours_below - theirs_below).max()
    return found


def sorted_columns(values: Floats) -> Floats:
    """A copy (n, d) with each column sorted and missing values last."""
    return np.sort(np.where(np.isnan(values), np.inf, values), axis=0)


def rate_z(window: float, n: int, reference: float, m: int) -> float:
    """How many standard errors two shares of n and m differ by; 0 where neither varies."""
    pooled = (window * n + reference * m) / (n + m)
    error = sqrt(pooled * (1 - pooled) / effective_size(n, m))
    return (window - reference) / error if error else 0.0


def rank_sum(window: Floats, reference: Floats) -> tuple[float, float]:
    """P(a value of the window > one of the sorted reference), ties half, and its standard error without drift.

    Mann and Whitney, Ann. Math. Statist. 18 (1947), 50.
    """
    n, m = len(window), len(reference)
    places = np.searchsorted(reference, window, side="left") + np.searchsorted(reference, window, side="right")
    return float(places.sum() / (2 * n * m)), sqrt((n + m + 1) / (12 * n * m))
