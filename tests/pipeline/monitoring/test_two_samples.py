import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import kolmogi
from scipy.stats import ks_2samp, kstwobign, mannwhitneyu

from pipeline.monitoring.two_samples import (
    KOLMOGOROV_MEAN,
    KOLMOGOROV_SD,
    distances,
    effective_size,
    kolmogorov_line,
    rank_sum,
    rate_z,
    sorted_columns,
)

VALUES = st.lists(st.floats(-5, 5) | st.integers(0, 3).map(float), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(VALUES, VALUES)
def test_the_distance_agrees_with_scipy_ties_included(window: list[float], reference: list[float]):
    ours, theirs = (sorted_columns(np.array(values)[:, None]) for values in (window, reference))
    assert distances(ours, theirs)[0] == pytest.approx(ks_2samp(window, reference, method="asymp").statistic, abs=1e-12)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(VALUES, VALUES)
def test_the_rank_sum_agrees_with_scipy(window: list[float], reference: list[float]):
    share, error = rank_sum(np.array(window), np.sort(reference))
    n, m = len(window), len(reference)
    assert share * n * m == pytest.approx(mannwhitneyu(window, reference).statistic)
    assert error == pytest.approx(np.sqrt(n * m * (n + m + 1) / 12) / (n * m))


def test_the_moments_of_kolmogorovs_distribution_agree_with_scipy():
    assert pytest.approx(kstwobign.mean(), abs=1e-6) == KOLMOGOROV_MEAN
    assert pytest.approx(kstwobign.std(), abs=1e-6) == KOLMOGOROV_SD


@pytest.mark.parametrize("alpha", [0.05, 0.005, 0.0005])
def test_chance_crosses_the_line_as_often_as_it_says(alpha: float):
    line = kolmogorov_line(100, 900, alpha)
    assert line.at(1) * np.sqrt(effective_size(100, 900)) == pytest.approx(kolmogi(alpha), abs=1e-4)
    assert line.z(line.mean) == 0


def test_missing_values_are_a_value_of_their_own():
    full = sorted_columns(np.arange(100.0)[:, None])
    holes = sorted_columns(np.where(np.arange(100) % 2, np.nan, np.arange(100.0))[:, None])
    assert distances(full, full)[0] == 0
    assert distances(holes, full)[0] == pytest.approx(0.5, abs=0.02)
    assert distances(holes, holes)[0] == 0


def test_the_difference_of_two_shares_is_measured_in_standard_errors():
    assert rate_z(0.5, 100, 0.5, 900) == 0
    assert rate_z(0.0, 100, 0.0, 900) == 0
    assert rate_z(1.0, 100, 1.0, 900) == 0
    assert rate_z(0.4, 100, 0.13, 900) == pytest.approx(7.04, abs=0.01)


def test_a_comparison_is_worth_no_more_than_its_smaller_side():
    assert effective_size(10**9, 900) == pytest.approx(900, rel=1e-5)
    assert effective_size(100, 100) == 50
