import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom

from pipeline.monitoring.posterior import Stratum, posterior, with_more_labels

COUNTS = st.tuples(st.integers(1, 60), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))


def stratum_of(counts: tuple[int, float, float, float]) -> Stratum:
    messages, expected, labelled, correct = counts
    chosen = int(messages * labelled)
    return Stratum(messages=messages, expected=expected, labelled=chosen, correct=int(chosen * correct))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(COUNTS)
def test_one_stratum_agrees_with_scipys_beta_binomial(counts: tuple[int, float, float, float]):
    one = stratum_of(counts)
    a = 0.25 + 2 * one.expected + one.correct
    b = 0.25 + 2 * (1 - one.expected) + one.labelled - one.correct
    wanted = np.zeros(one.messages + 1)
    wanted[one.correct : one.correct + one.unknown + 1] = betabinom(one.unknown, a, b).pmf(np.arange(one.unknown + 1))
    assert posterior([one]).chances == pytest.approx(wanted, abs=1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(COUNTS, min_size=1, max_size=3))
def test_the_posterior_is_a_distribution_over_what_is_possible(counts: list[tuple[int, float, float, float]]):
    strata = [stratum_of(one) for one in counts]
    found = posterior(strata)
    assert found.messages == sum(one.messages for one in strata)
    assert found.chances.sum() == pytest.approx(1)
    low, high = found.interval(0.98)
    assert 0 <= low <= found.mean <= high <= 1
    certain = sum(one.correct for one in strata) / found.messages
    possible = certain + sum(one.unknown for one in strata) / found.messages
    assert certain - 1e-12 <= low
    assert high <= possible + 1e-12
    assert found.below(0.0) == 0
    assert found.below(1.01) == pytest.approx(1)


def test_a_window_that_is_labelled_whole_is_known():
    found = posterior([Stratum(messages=500, expected=0.9, labelled=500, correct=465)])
    assert found.mean == 0.93
    assert found.interval(0.98) == (0.93, 0.93)
    assert (found.below(0.93), found.below(0.932)) == (0.0, 1.0)


def test_known_messages_count_as_what_they_are_and_say_nothing_about_the_others():
    plain = posterior([Stratum(messages=100, expected=0.9, labelled=10, correct=9)])
    more = posterior([Stratum(messages=140, expected=0.9, labelled=10, correct=9, known=40, known_correct=0)])
    assert more.mean * 140 == pytest.approx(plain.mean * 100)


def test_each_correct_label_raises_the_posterior():
    means = [posterior([Stratum(messages=200, expected=0.95, labelled=20, correct=c)]).mean for c in range(21)]
    assert means == sorted(means)


def test_more_labels_keep_the_rate_and_never_exceed_the_stratum():
    strata = [Stratum(messages=75, expected=0.5, labelled=20, correct=10)]
    (more,) = with_more_labels(strata, [20])
    assert (more.labelled, more.correct) == (40, 20)
    (all_,) = with_more_labels(strata, [1_000])
    assert all_.unknown == 0


@pytest.mark.parametrize("labels", [20, 50, 100])
def test_the_interval_covers_and_false_declarations_are_rare(labels: int):
    # Windows of three strata whose accuracies are drawn anew, a quarter of the time around what the model expects.
    rng = np.random.default_rng(labels)
    covered = declared = healthy = 0
    for _ in range(300):
        expected = (0.8, 0.95, 0.99)
        truth = [min(1.0, e + rng.normal(0, 0.03)) if rng.random() < 0.25 else rng.uniform(0.4, 1) for e in expected]
        right = [rng.random(size) < rate for size, rate in zip((75, 125, 300), truth, strict=True)]
        accuracy = np.concatenate(right).mean()
        counts = [round(labels * share) for share in (0.5, 0.3, 0.2)]
        strata = [
            Stratum(messages=len(r), expected=e, labelled=n, correct=int(r[:n].sum()))
            for r, e, n in zip(right, expected, counts, strict=True)
        ]
        found = posterior(strata)
        low, high = found.interval(0.98)
        covered += low <= accuracy <= high
        healthy += accuracy >= 0.93
        declared += accuracy >= 0.93 and found.below(0.93) >= 0.975
    assert covered >= 0.93 * 300
    assert declared <= 2
    assert healthy > 10
