import numpy as np
import pytest

from pipeline.monitoring.distances import Statistic
from pipeline.monitoring.null_table import ALARM_SDS, FALSE_ALARMS, SCORE_PARTS, null_table

SIZES = (30, 50, 100)


def drawn(rng: np.random.Generator, size: int) -> np.ndarray:
    """Statistics whose mean and spread shrink with the size, correlated as those of one window are."""
    shared = rng.normal()
    return (10 + 0.7 * shared + 0.7 * rng.normal(size=len(Statistic))) / np.sqrt(size)


def test_every_statistic_belongs_to_one_score():
    assert sorted(place for part in SCORE_PARTS for place in part) == list(range(len(Statistic)))


def test_mean_and_spread_are_those_of_the_drawn_windows():
    table = null_table(drawn, SIZES, np.random.default_rng(1), 400)
    for column, size in enumerate(SIZES):
        assert table.mean[:, column] == pytest.approx(10 / np.sqrt(size), rel=0.03)
        assert table.sd[:-1, column] == pytest.approx(0.99 / np.sqrt(size), rel=0.15)


def test_any_score_alarms_in_the_share_of_windows_that_is_allowed():
    table = null_table(drawn, SIZES, np.random.default_rng(1), 600)
    rng, crossed = np.random.default_rng(2), 0
    for _ in range(3_000):
        z = (drawn(rng, 50) - table.mean[:, 1]) / (ALARM_SDS * table.sd[:, 1])
        crossed += any(z[list(part)].max() > table.quantile[row, 1] for row, part in enumerate(SCORE_PARTS))
    # 1.2% to 2.8%: three standard errors of a rate of 2% in 3,000 windows, and those of the line.
    assert crossed / 3_000 == pytest.approx(FALSE_ALARMS, abs=0.008)


def test_lengths_that_never_differ_keep_a_width():
    table = null_table(lambda rng, size: np.zeros(len(Statistic)), SIZES, np.random.default_rng(1), 20)
    assert table.sd[list(Statistic).index(Statistic.LENGTH)] == pytest.approx(0.1 / np.sqrt(SIZES))
