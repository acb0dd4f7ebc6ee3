"""How likely each answer of a model is right, from the answer alone: a guide for labelling, never an all-clear.

Pure: no clock, no files, no model calls.
"""

import random
import re
import string
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.monitoring.distances import Floats
from pipeline.monitoring.tokens import WORD

# Logits beyond this differ by rounding more than by meaning.
LARGEST_LOGIT = 12.0
RIDGE = 1.0
# How much of the words of a held-out text is made unreadable, and what such a text counts beside a true one.
GARBLED_SHARES = (0.25, 0.50, 0.75)
GARBLED_WEIGHT = 0.5


def p_correct(risk: Floats, scores: Floats, predictions: NDArray[np.int64]) -> Floats:
    """P(the answer is right) of answers with P(positive) `scores` (n,) and classes (n,), by the fitted `risk` (3,)."""
    probability: Floats = 1 / (1 + np.exp(-_features(scores, predictions) @ risk))
    return probability


def fit_risk(
    scores: Floats, predictions: NDArray[np.int64], correct: NDArray[np.bool_], weights: Floats | None = None
) -> Floats:
    """Logistic regression (3,) of `correct` (n,) on 1, |logit| and class, with a ridge, by Newton's method."""
    features, wanted = _features(scores, predictions), correct.astype(np.float64)
    weights = np.ones(len(scores)) if weights is None else weights
    ridge, risk = np.diag([1e-6, RIDGE, RIDGE]), np.zeros(3)
    for _ in range(30):
        expected = 1 / (1 + np.exp(-features @ risk))
        gradient = features.T @ (weights * (wanted - expected)) - ridge @ risk
        curvature = (features * (weights * expected * (1 - expected))[:, None]).T @ features + ridge
        step = np.linalg.solve(curvature, gradient)
        risk = risk + np.clip(step, -3.0, 3.0)
        if np.abs(step).max() < 1e-8:
            break
    return risk


def _features(scores: Floats, predictions: NDArray[np.int64]) -> Floats:
    logit = np.abs(np.log(np.clip(scores, 1e-9, 1 - 1e-9) / np.clip(1 - scores, 1e-9, 1 - 1e-9)))
    return np.column_stack([np.ones(len(scores)), np.minimum(logit, LARGEST_LOGIT), predictions])


def garbled(texts: Sequence[str], share: float, rng: random.Random) -> list[str]:
    """The texts with that share of their words replaced by letters without meaning.

    A model that sees them errs as it does on messages it does not know; its errors on good texts are too few to learn
    from.
    """

    def replace(word: re.Match[str]) -> str:
        if rng.random() >= share:
            return word[0]
        return "".join(rng.choice(string.ascii_lowercase) for _ in word[0])

    return [WORD.sub(replace, text) for text in texts]
