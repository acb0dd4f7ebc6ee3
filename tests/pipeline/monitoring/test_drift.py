import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.monitoring.distances import Statistic
from pipeline.monitoring.drift import WindowStatus, measure_drift
from pipeline.monitoring.profile import Profile, build_profile
from tests.pipeline.monitoring.texts import calm_texts, campaign_texts, foreign_texts


def test_no_messages_are_no_data(profile: Profile):
    report = measure_drift(profile, [])
    assert report.status is WindowStatus.NO_DATA
    assert (report.n_messages, report.duplicate_rate, report.drift_detected) == (0, None, None)


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        (1, WindowStatus.INSUFFICIENT),
        (29, WindowStatus.INSUFFICIENT),
        (30, WindowStatus.LOW_POWER),
        (99, WindowStatus.LOW_POWER),
        (100, WindowStatus.OK),
    ],
)
def test_the_status_follows_the_number_of_unique_messages(profile: Profile, messages: int, status: WindowStatus):
    window = calm_texts(messages, seed=11)
    assert measure_drift(profile, window + window[:1]).status is status


def test_a_window_of_29_unique_messages_has_no_scores(profile: Profile):
    report = measure_drift(profile, foreign_texts(29, seed=1))
    assert (report.vocabulary_drift, report.tfidf_drift, report.drift_detected) == (None, None, None)
    assert report.smallest_detectable_share is None
    assert report.readings == report.new_patterns == ()


def test_the_least_number_of_messages_can_be_set(profile: Profile):
    window = calm_texts(40, seed=11)
    assert measure_drift(profile, window, min_rows=41).drift_detected is None
    assert measure_drift(profile, window, min_rows=40).drift_detected is not None


def test_one_message_repeated_is_insufficient_and_told_by_its_duplicate_rate(profile: Profile):
    report = measure_drift(profile, ["Win a prize now"] * 500)
    assert report.status is WindowStatus.INSUFFICIENT
    assert report.n_unique == 1
    assert report.duplicate_rate == pytest.approx(0.998)


def test_blank_messages_count_as_one(profile: Profile):
    assert measure_drift(profile, ["", " ", "\t\n"] * 20).n_unique == 1


def test_calm_windows_rarely_alarm(profile: Profile):
    windows = [calm_texts(size, seed=100 + turn) for turn in range(25) for size in (50, 100, 200)]
    # At 3 to 5% a window, more than 10 of 75 has a probability below one in a thousand.
    assert sum(bool(measure_drift(profile, window).drift_detected) for window in windows) <= 10


@pytest.mark.parametrize("size", [30, 50, 100, 200])
def test_foreign_messages_are_detected(profile: Profile, size: int):
    report = measure_drift(profile, foreign_texts(size, seed=size))
    assert report.drift_detected
    assert 0.5 < report.vocabulary_drift <= 1
    assert 0.5 < report.tfidf_drift <= 1


def test_the_share_that_is_said_to_be_detectable_is_detected(profile: Profile):
    share = measure_drift(profile, calm_texts(100, seed=1)).smallest_detectable_share
    few = int(np.ceil(share * 100))
    found = [
        measure_drift(profile, calm_texts(100 - few, seed=200 + turn) + foreign_texts(few, seed=turn)).drift_detected
        for turn in range(30)
    ]
    assert sum(found) >= 21


def test_the_order_of_the_messages_changes_nothing(profile: Profile):
    window = calm_texts(80, seed=3) + campaign_texts(20, seed=3) + ["Hello  World", "helloworld"]
    shuffled = [window[place] for place in np.random.default_rng(1).permutation(len(window))]
    assert measure_drift(profile, shuffled) == measure_drift(profile, window)


def test_a_window_larger_than_the_reference_can_be_measured(profile: Profile):
    calm = measure_drift(profile, calm_texts(1500, seed=4))
    assert calm.drift_detected is False
    assert measure_drift(profile, foreign_texts(1500, seed=4)).drift_detected is True


@pytest.mark.parametrize("size", [200, 260, 320, 400, 800])
def test_a_window_larger_than_the_null_knows_detects_no_less(profile: Profile, size: int):
    # Distances of word counts shrink with the size: beside the line of 200, a window of 800 would look calm.
    few = size // 8
    for turn in range(5):
        calm, window = calm_texts(size, seed=turn), calm_texts(size - few, seed=turn) + foreign_texts(few, seed=turn)
        assert measure_drift(profile, calm).drift_detected is False
        assert measure_drift(profile, window).tfidf_drift > 0.15


def test_a_reference_that_is_too_small_gives_no_scores():
    report = measure_drift(build_profile(calm_texts(60, seed=1), seed=0), calm_texts(100, seed=2))
    assert report.status is WindowStatus.INSUFFICIENT
    assert report.drift_detected is None
    assert "Train on more texts: 60" in report.recommendation


def test_messages_without_any_word_are_drift(profile: Profile):
    report = measure_drift(profile, [chr(0x1F300 + place) for place in range(40)])
    assert report.n_unique == 40
    assert report.drift_detected


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.1, 1.5])
def test_a_threshold_outside_the_scale_is_refused(profile: Profile, threshold: float):
    with pytest.raises(ValueError, match="between 0 and 1"):
        measure_drift(profile, [], threshold=threshold)


def test_a_score_is_compared_with_the_threshold_of_the_model(profile: Profile):
    window = calm_texts(90, seed=6) + foreign_texts(10, seed=6)
    worst = max(measure_drift(profile, window).vocabulary_drift, measure_drift(profile, window).tfidf_drift)
    assert measure_drift(profile, window, threshold=worst).drift_detected is False
    assert measure_drift(profile, window, threshold=worst - 1e-9).drift_detected is True


def test_a_reading_says_raw_expected_and_alarm(profile: Profile):
    reading = measure_drift(profile, calm_texts(80, seed=6) + foreign_texts(20, seed=6)).readings[0]
    assert reading.statistic is Statistic.OOV_GT
    assert reading.raw > reading.alarm_at > reading.expected
    assert reading.sentence == (
        f"share of unseen words {reading.raw:.1%} against {reading.expected:.1%} expected"
        f" at 100 messages, alarm at {reading.alarm_at:.1%}"
    )


def test_the_first_reading_is_the_plain_share_of_unseen_words(profile: Profile):
    window = calm_texts(100, seed=8)
    words = [word for text in window for word in text.split()]
    unseen = sum(word not in profile.term_index for word in words) / len(words)
    assert measure_drift(profile, window).readings[0].raw == pytest.approx(unseen)


def test_the_explanation_names_no_word_of_a_message(profile: Profile):
    scam = [f"flurbo zanquet kramisto {place}" for place in range(40)]
    report = measure_drift(profile, calm_texts(60, seed=1) + scam)
    assert any("flurbo" in term for pattern in report.new_patterns for term in pattern.terms)
    said = " ".join((*report.explanation, report.recommendation)).lower()
    assert "new pattern" in said
    assert not any(word in said for word in ("flurbo", "zanquet", "kramisto"))


def test_a_report_is_plain_json(profile: Profile):
    for window in ([], calm_texts(10, seed=1), calm_texts(60, seed=1) + campaign_texts(60, seed=1)):
        report = measure_drift(profile, window)
        body = json.loads(json.dumps(report.as_dict(), allow_nan=False))
        assert body["status"] == report.status.value
        assert body["explanation"] == list(report.explanation)
        assert len(body["new_patterns"]) == len(report.new_patterns)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.text(max_size=30), max_size=80))
def test_any_text_gives_a_report_with_scores_on_the_scale(profile: Profile, texts: list[str]):
    report = measure_drift(profile, texts)
    json.dumps(report.as_dict(), allow_nan=False)
    scores = (report.vocabulary_drift, report.tfidf_drift, report.length_drift)
    if report.drift_detected is None:
        assert scores == (None, None, None)
    else:
        assert all(0 <= score <= 1 for score in scores)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.sampled_from([50, 100, 200]), st.integers(1, 20))
def test_foreign_messages_never_lower_a_score_beyond_noise(profile: Profile, seed: int, size: int, more: int):
    calm = calm_texts(size, seed=seed)
    before = measure_drift(profile, calm)
    after = measure_drift(profile, calm[: size - more] + foreign_texts(more, seed=seed))
    assert after.vocabulary_drift >= before.vocabulary_drift - 0.1
    assert after.tfidf_drift >= before.tfidf_drift - 0.1
    # Foreign texts are drawn as long as calm ones, so that their length says nothing either way.
    assert after.length_drift == pytest.approx(before.length_drift, abs=0.4)


@pytest.mark.parametrize("size", [30, 50, 100, 200])
def test_windows_drawn_from_the_reference_itself_alarm_no_more_often_than_allowed(profile: Profile, size: int):
    # Hypothesis would search for the one seed in fifty that alarms by chance; the claim is about their share.
    reference = calm_texts(1200, seed=1)
    drawn = [np.random.default_rng(seed).permutation(len(reference))[:size] for seed in range(60)]
    reports = [measure_drift(profile, [reference[place] for place in places]) for places in drawn]
    assert sum(report.drift_detected for report in reports) <= 4


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.text(st.characters(), max_size=40), min_size=30, max_size=80, unique=True))
def test_any_characters_at_all_give_a_report(profile: Profile, texts: list[str]):
    report = measure_drift(profile, [*texts, "", "", "\ud800", "\x00", "\u202e", "ﷺ" * 50])
    json.dumps(report.as_dict(), allow_nan=False)
