import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from pipeline.gate.evaluation import evaluate, expected_calibration_error, majority_accuracy

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.floats(0.01, 0.99)), min_size=2, max_size=60)


@settings(deadline=None)  # machines may be slow
@given(ROWS)
def test_the_metrics_are_scikit_learns(rows):
    labels, predictions, scores = (np.array(column) for column in zip(*rows, strict=True))
    ours = evaluate(labels, predictions, scores)
    assert ours.accuracy == pytest.approx(metrics.accuracy_score(labels, predictions))
    assert ours.precision == pytest.approx(metrics.precision_score(labels, predictions, zero_division=0))
    assert ours.recall == pytest.approx(metrics.recall_score(labels, predictions, zero_division=0))
    assert ours.f1 == pytest.approx(metrics.f1_score(labels, predictions, zero_division=0))
    assert ours.log_loss == pytest.approx(metrics.log_loss(labels, scores, labels=[0, 1]))


def test_scores_that_say_how_often_they_are_right_have_no_calibration_error():
    scores = np.repeat([0.25, 0.75], 4)
    assert expected_calibration_error(np.array([1, 0, 0, 0, 1, 1, 1, 0]), scores) == pytest.approx(0.0)
    assert expected_calibration_error(np.array([0, 0, 0, 0, 1, 1, 1, 1]), scores) == pytest.approx(0.25)


def test_the_majority_may_be_either_class():
    assert majority_accuracy(np.array([1, 1, 1, 0])) == majority_accuracy(np.array([0, 0, 0, 1])) == 0.75


def test_no_rows_are_an_error():
    with pytest.raises(ValueError, match="no rows"):
        evaluate(np.array([]), np.array([]), np.array([]))
