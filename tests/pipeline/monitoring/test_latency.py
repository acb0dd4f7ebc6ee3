"""Buckets of latencies: both sides of each border, sums, and percentiles within what the buckets promise."""

from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.monitoring.latency import FIRST, LAST, MOST_NANOSECONDS, PLACES, added, buckets_of, percentile_ms

WIDTH = 2 ** (1 / 8)


def buckets(milliseconds):
    counts = [0] * PLACES
    for one in milliseconds:
        counts[bisect_left(MOST_NANOSECONDS, round(one * 1e6))] += 1
    return buckets_of(counts)


def exact(milliseconds, share):
    ordered = sorted(milliseconds)
    return ordered[max(int(np.ceil(share * len(ordered))), 1) - 1]


@pytest.mark.parametrize(
    ("nanoseconds", "index"),
    [(1, FIRST), (1_000_000, -1), (1_000_001, 0), (2_000_000, 7), (2_000_001, 8), (10**12, LAST)],
)
def test_a_bucket_ends_with_its_upper_border(nanoseconds, index):
    assert buckets([nanoseconds / 1e6]) == {index: 1}


@given(st.lists(st.floats(0.01, 50_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_percentile_is_less_than_a_tenth_off(milliseconds, share):
    found = percentile_ms(buckets(milliseconds), share)
    assert found == pytest.approx(exact(milliseconds, share), rel=WIDTH - 1 + 1e-3)


@given(st.lists(st.lists(st.floats(0.01, 1_000), max_size=30), max_size=5))
def test_buckets_of_parts_add_up_to_those_of_the_whole(parts):
    whole = [one for part in parts for one in part]
    assert dict(added(map(buckets, parts))) == dict(buckets(whole))


def test_a_mean_of_percentiles_would_be_another_number():
    quick, slow = [1.0] * 990, [100.0] * 10
    minutes = [buckets(quick), buckets(slow)]
    assert percentile_ms(added(minutes), 0.98) == pytest.approx(1.0, rel=0.1)
    assert np.mean([percentile_ms(minute, 0.98) for minute in minutes]) > 40.0


def test_without_answers_there_is_no_percentile():
    assert percentile_ms({}, 0.5) is None
    assert percentile_ms(buckets_of([0] * PLACES), 0.99) is None
