import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.monitoring.accuracy import AccuracyStatus, Standing, beta_cdf, judge_accuracy, p_below, wilson

RULES = {"floor": 0.93, "confidence": 0.975}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.floats(0, 1), st.floats(0.5, 3000), st.floats(0.5, 3000))
def test_the_beta_distribution_agrees_with_scipy(x: float, a: float, b: float):
    from scipy.special import betainc

    assert beta_cdf(x, a, b) == pytest.approx(betainc(a, b, x), abs=1e-10)


def test_the_wilson_interval_agrees_with_a_published_example():
    # Newcombe, Statistics in Medicine 17 (1998), 857, table I: 81 of 263 and 0 of 20, at 95%.
    assert wilson(81, 263, 0.95) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20, 0.95) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_the_interval_holds_the_estimate_and_stays_between_0_and_1():
    for correct in range(41):
        low, high = wilson(correct, 40)
        assert 0 <= low <= correct / 40 <= high <= 1


def test_without_labels_nothing_is_known():
    report = judge_accuracy(0, 0, **RULES)
    assert report.status is AccuracyStatus.NO_DATA
    assert (report.estimate, report.low, report.high, report.p_below_floor) == (None, None, None, None)
    assert report.standing is Standing.UNDECIDED
    assert report.more_labels == 20


@pytest.mark.parametrize("correct", [0, 19])
def test_19_labels_decide_nothing(correct: int):
    report = judge_accuracy(correct, 19, **RULES)
    assert report.status is AccuracyStatus.TOO_FEW
    assert report.standing is Standing.UNDECIDED
    assert report.estimate == correct / 19
    assert report.more_labels >= 20


def test_20_labels_decide_when_they_are_clear_enough():
    report = judge_accuracy(10, 20, **RULES)
    assert report.status is AccuracyStatus.OK
    assert report.standing is Standing.BELOW
    assert report.more_labels == 0


def test_both_sides_of_the_confidence():
    standings = {}
    for correct in range(101):
        report = judge_accuracy(correct, 100, **RULES)
        standings[correct] = report.standing
        assert (report.standing is Standing.BELOW) == (report.p_below_floor >= 0.975)
        assert (report.standing is Standing.CLEAR) == (report.p_below_floor <= 0.025)
    assert standings[85] is Standing.BELOW
    assert standings[93] is Standing.UNDECIDED
    assert standings[99] is Standing.CLEAR


def test_the_probability_falls_with_each_correct_label():
    chances = [p_below(correct, 50, 0.93) for correct in range(51)]
    assert chances == sorted(chances, reverse=True)


def test_as_many_labels_as_were_asked_for_decide_if_the_accuracy_holds():
    for correct, labelled in [(27, 30), (45, 50), (96, 100), (20, 20), (190, 200)]:
        report = judge_accuracy(correct, labelled, **RULES)
        assert report.standing is Standing.UNDECIDED
        assert report.more_labels % 20 == 0
        total = labelled + report.more_labels
        decided = judge_accuracy(round(correct / labelled * total), total, **RULES)
        assert decided.standing is not Standing.UNDECIDED


def test_an_accuracy_at_the_floor_asks_for_no_more_than_the_limit():
    assert judge_accuracy(93, 100, **RULES).more_labels == 5_000


@pytest.mark.parametrize(("correct", "labelled"), [(-1, 5), (6, 5), (0, -1)])
def test_counts_that_cannot_be_are_refused(correct: int, labelled: int):
    with pytest.raises(ValueError, match="cannot be"):
        judge_accuracy(correct, labelled, **RULES)


@pytest.mark.parametrize(("floor", "confidence"), [(0.0, 0.975), (1.0, 0.975), (0.93, 0.5), (0.93, 1.0)])
def test_rules_that_decide_nothing_are_refused(floor: float, confidence: float):
    with pytest.raises(ValueError, match="must lie"):
        judge_accuracy(1, 2, floor=floor, confidence=confidence)


@pytest.mark.parametrize(("correct", "labelled"), [(0, 0), (5, 5), (60, 100), (93, 100), (200, 200)])
def test_the_report_is_plain_json_with_sentences(correct: int, labelled: int):
    body = json.loads(json.dumps(judge_accuracy(correct, labelled, **RULES).as_dict(), allow_nan=False))
    assert body["standing"] in {"below", "clear", "undecided"}
    assert all(sentence.endswith(".") for sentence in body["explanation"])
