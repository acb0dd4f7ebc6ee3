"""Builds the reference profile of a trained version: words from its training texts, answers from held-out ones."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from pipeline.monitoring.distances import Floats
from pipeline.monitoring.held_out import MIN_HELD_OUT, Answered, HeldOut, held_out_of
from pipeline.monitoring.numeric import NumericProfile, build_numeric_profile
from pipeline.monitoring.profile import Profile, build_profile
from pipeline.monitoring.risk import GARBLED_SHARES, GARBLED_WEIGHT, fit_risk, garbled
from pipeline.records import Row

Answer = Callable[[Sequence[str]], Sequence[Answered]]


def reference_profile(train: Sequence[Row], held_out: Sequence[Row], answer: Answer, *, seed: int) -> Profile:
    """The profile of a text model trained on `train`; `answer` is its served form.

    `held_out` are labelled rows that no training has seen; fewer than MIN_HELD_OUT of them leave the scores without a
    reference, and then only words are monitored. Raises ValueError without training rows.
    """
    profile = build_profile([str(row.input) for row in train], seed=seed)
    if len(held_out) < MIN_HELD_OUT:
        return profile
    return replace(profile, held_out=_held_out(profile, train, held_out, answer, seed))


def numeric_profile(train: Sequence[Row], features: Sequence[str]) -> NumericProfile:
    """The profile of a model of numbers trained on `train`. Raises ValueError without rows."""
    return build_numeric_profile(np.array([row.input for row in train], dtype=np.float64), features)


def _held_out(profile: Profile, train: Sequence[Row], held_out: Sequence[Row], answer: Answer, seed: int) -> HeldOut:
    texts = [str(row.input) for row in held_out]
    return held_out_of(
        texts=texts,
        answers=answer(texts),
        positives=sorted(str(row.input) for row in train if row.label == 1),
        index=profile.term_index,
        weight=profile.rare_weights,
        new_weight=profile.new_weight,
        risk=_risk(held_out, answer, seed),
    )


def _risk(held_out: Sequence[Row], answer: Answer, seed: int) -> Floats:
    """The weights of risk.p_correct from the held-out rows as they are and with a part of their words garbled."""
    rng = random.Random(seed)
    texts, labels = [str(row.input) for row in held_out], [row.label for row in held_out]
    given = [answer(texts), *(answer(garbled(texts, share, rng)) for share in GARBLED_SHARES)]
    scores = np.array([one.score for answers in given for one in answers])
    predictions = np.array([one.prediction for answers in given for one in answers])
    weights = np.repeat([1.0] + [GARBLED_WEIGHT] * len(GARBLED_SHARES), len(texts))
    return fit_risk(scores, predictions, predictions == np.tile(labels, len(given)), weights)
