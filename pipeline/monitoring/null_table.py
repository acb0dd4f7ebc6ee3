"""What every statistic is in windows without drift, by size, and how far out a window must lie to alarm.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.monitoring.distances import Floats, Statistic

SIZES = (30, 50, 100, 200, 500, 1000)
# The one-sided 1% point of the standard normal.
ALARM_SDS = 2.33
# The share of windows without drift in which any score may alarm, and what each score gets before they are joined.
FALSE_ALARMS = 0.02
PART_FALSE_ALARMS = 0.01
# The statistics of each score, by their places in `Statistic`: vocabulary, TF-IDF, length.
SCORE_PARTS: tuple[tuple[int, ...], ...] = ((0, 1, 4), (2, 3), (5,))

# A Kolmogorov-Smirnov distance of n values has a standard deviation of 0.26 / sqrt(n), less where many are equal.
LEAST_LENGTH_SD = 0.1
LENGTH = list(Statistic).index(Statistic.LENGTH)


@dataclass(frozen=True, kw_only=True, eq=False)
class NullTable:
    """Mean and standard deviation of each statistic (statistics, sizes), the alarm quantile of each score's largest
    z (scores, sizes).
    """

    mean: Floats
    sd: Floats
    quantile: Floats


def null_table(
    statistics: Callable[["np.random.Generator", int], Floats],
    sizes: Sequence[int],
    rng: "np.random.Generator",
    windows: int,
) -> NullTable:
    """The table from `windows` windows of each size; `statistics` draws one without drift and measures it."""
    mean, sd = np.empty((len(Statistic), len(sizes))), np.empty((len(Statistic), len(sizes)))
    largest: list[Floats] = []
    for column, size in enumerate(sizes):
        raw = np.array([statistics(rng, size) for _ in range(windows)])
        mean[:, column], sd[:, column] = raw.mean(axis=0), np.maximum(raw.std(axis=0, ddof=1), _least_sd(size))
        z = (raw - mean[:, column]) / (ALARM_SDS * sd[:, column])
        largest.append(np.column_stack([z[:, part].max(axis=1) for part in SCORE_PARTS]))
    quantile = np.empty((len(SCORE_PARTS), len(sizes)))
    for column in range(len(sizes)):
        # The tail of one size rests on a handful of windows; those of its neighbours have nearly the same shape.
        quantile[:, column] = _joint_quantile(np.concatenate(largest[max(0, column - 1) : column + 2]))
    return NullTable(mean=mean, sd=sd, quantile=quantile)


def _least_sd(size: int) -> Floats:
    """Where all texts of the reference are of one length, the first of another must not be an alarm, (statistics,)."""
    least = np.full(len(Statistic), 1e-9)
    least[LENGTH] = LEAST_LENGTH_SD / np.sqrt(size)
    return least


def _joint_quantile(largest: Floats) -> Floats:
    """The line of each score (scores,), so that FALSE_ALARMS of the windows (windows, scores) cross any of them.

    The scores are of the same windows and move together, so that a share of the alarms for each would be too strict.
    """
    own = np.maximum(np.quantile(largest, 1 - PART_FALSE_ALARMS, axis=0), 1e-9)
    line: Floats = own * np.quantile((largest / own).max(axis=1), 1 - FALSE_ALARMS)
    return line
