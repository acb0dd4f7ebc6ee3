"""The known ways to get drift scores wrong, each on the real collection or on drawn texts."""

import numpy as np
import pytest

from pipeline.data.homes import Homes
from pipeline.monitoring.drift import measure_drift
from pipeline.monitoring.profile import Profile, build_profile
from tests.pipeline.monitoring.texts import calm_texts, campaign_texts


def live_windows(collection: Homes, size: int, count: int, seed: int) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    texts = [row.input for row in collection.live]
    return [[texts[place] for place in rng.permutation(len(texts))[:size]] for _ in range(count)]


@pytest.mark.parametrize("size", [50, 100, 200, 500])
def test_calm_windows_of_the_live_pool_rarely_alarm(sms_profile: Profile, collection: Homes, size: int):
    windows = live_windows(collection, size, 24, seed=size)
    assert sum(bool(measure_drift(sms_profile, window).drift_detected) for window in windows) <= 6


def test_repeated_messages_do_not_alarm(sms_profile: Profile, collection: Homes):
    # One message in five sent ten times over: the scores look at different messages, the rate tells the rest.
    alarms, rates = 0, []
    for window in live_windows(collection, 100, 20, seed=1):
        report = measure_drift(sms_profile, window + window[:20] * 9)
        alarms += bool(report.drift_detected)
        rates.append(report.duplicate_rate)
    assert alarms <= 4
    assert min(rates) > 0.6


def test_repeats_change_neither_score(sms_profile: Profile, collection: Homes):
    (window,) = live_windows(collection, 150, 1, seed=2)
    once, often = measure_drift(sms_profile, window), measure_drift(sms_profile, window * 3)
    assert once.readings == often.readings


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda text: f"{text} 😀🔥", lambda text: f"  {text}!!! "])
def test_a_benign_change_of_form_does_not_alarm(sms_profile: Profile, collection: Homes, change):
    windows = live_windows(collection, 200, 15, seed=3)
    reports = [measure_drift(sms_profile, [change(text) for text in window]) for window in windows]
    assert sum(bool(report.drift_detected) for report in reports) <= 4


def test_a_quarter_of_campaign_messages_is_detected(sms_profile: Profile, collection: Homes):
    for window in live_windows(collection, 75, 10, seed=4):
        report = measure_drift(sms_profile, window + campaign_texts(25, seed=4))
        assert report.drift_detected
        assert report.new_patterns


def test_new_spam_in_place_of_the_known_spam_is_detected(sms_profile: Profile, collection: Homes):
    rng = np.random.default_rng(5)
    ham = [row.input for row in collection.live if row.label == 0]
    found = 0
    for turn in range(10):
        window = [ham[place] for place in rng.permutation(len(ham))[:174]] + campaign_texts(26, seed=turn)
        found += bool(measure_drift(sms_profile, window).drift_detected)
    assert found >= 8


def test_a_null_window_is_taken_out_of_the_reference_that_it_is_compared_with(profile: Profile):
    # A window that stayed in its reference would have no unseen word: a mean of -g / (1 - g).
    expected = profile.unseen_expected
    assert np.abs(profile.null_mean[0]).max() < expected / (1 - expected) / 4


def test_the_null_agrees_with_windows_that_it_has_not_seen(profile: Profile):
    raw = np.array(
        [[reading.z for reading in measure_drift(profile, calm_texts(100, seed=s)).readings] for s in range(60)]
    )
    # Drawn with replacement, repeats inside a null window would pull the means and widths away from these.
    assert np.abs(raw.mean(axis=0)).max() < 0.35
    assert raw.std(axis=0).min() > 0.25
    assert raw.std(axis=0).max() < 0.65


def test_near_duplicates_are_drawn_into_a_null_window_together():
    # 150 templates, each sent four times with another number; new templates are what new traffic holds.
    words = calm_texts(150, seed=9)
    unlike = [text + f" only{place}" for place, text in enumerate(words)]
    grouped = build_profile(
        [f"{text} {place}{copy}{copy}" for place, text in enumerate(unlike) for copy in range(1, 5)],
        seed=0,
        windows=40,
    )
    # Whole templates leave with the window, so their `only` words are unseen then.
    assert grouped.null_mean[0].min() > 0


def test_a_score_does_not_grow_with_the_size_of_a_calm_window(profile: Profile):
    scores = {
        size: np.mean([measure_drift(profile, calm_texts(size, seed=300 + s)).vocabulary_drift for s in range(12)])
        for size in (30, 100, 400)
    }
    assert max(scores.values()) < 0.12
