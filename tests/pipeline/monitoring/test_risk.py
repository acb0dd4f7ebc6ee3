import random

import numpy as np
import pytest

from pipeline.monitoring.risk import fit_risk, garbled, p_correct


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = rng.beta(0.4, 0.8, size=2_000)
    predictions = (scores >= 0.5).astype(np.int64)
    return scores, predictions, rng.random(2_000) < np.maximum(scores, 1 - scores)


def test_the_weights_agree_with_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    scores, predictions, correct = drawn(1)
    weights = np.where(np.arange(2_000) % 2, 1.0, 0.5)
    logit = np.abs(np.log(scores / (1 - scores))).clip(max=12)
    model = LogisticRegression(C=1.0, tol=1e-10).fit(np.column_stack([logit, predictions]), correct, weights)
    found = fit_risk(scores, predictions, correct, weights)
    assert found == pytest.approx([model.intercept_[0], *model.coef_[0]], abs=1e-4)


def test_what_it_expects_of_answers_like_those_it_saw_is_what_comes():
    scores, predictions, correct = drawn(2)
    expected = p_correct(fit_risk(scores, predictions, correct), scores, predictions)
    assert expected.mean() == pytest.approx(correct.mean(), abs=0.002)
    sure = expected > np.median(expected)
    assert correct[sure].mean() > correct[~sure].mean() + 0.1


@pytest.mark.parametrize("always", [True, False])
def test_a_model_that_never_or_always_errs_gives_finite_weights(always: bool):
    scores, predictions, _ = drawn(3)
    risk = fit_risk(scores, predictions, np.full(2_000, always))
    assert np.isfinite(risk).all()
    assert (p_correct(risk, scores, predictions) > 0.5).all() == always


def test_scores_of_0_and_1_are_no_infinite_logits():
    assert np.isfinite(p_correct(np.array([0.0, 1.0, 0.0]), np.array([0.0, 1.0]), np.array([0, 1]))).all()


def test_a_garbled_text_keeps_its_length_and_loses_about_that_share_of_its_words():
    text = " ".join(["message"] * 1_000)
    (found,) = garbled([text], 0.25, random.Random(1))
    words = found.split()
    assert len(found) == len(text)
    assert 200 < sum(word != "message" for word in words) < 300
    assert garbled([text], 0.0, random.Random(1)) == [text]
