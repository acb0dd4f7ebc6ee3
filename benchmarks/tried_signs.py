"""Other ways to read the answers of the model: which of them see another class mix and new spam, at what price."""

import random
from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np

from benchmarks.corpora import Draw, Split, calm, class_mix, new_spam
from pipeline.monitoring.held_out import of_class
from pipeline.monitoring.score_signs import ALPHA
from pipeline.monitoring.two_samples import distances, kolmogorov_line, rank_sum, rate_z

WINDOWS = 30
CASES: Mapping[str, tuple[Draw, int]] = {
    "no drift, 100": (calm, 100),
    "class mix, 50": (class_mix, 50),
    "new spam, 50": (new_spam, 50),
    "new spam, 100": (new_spam, 100),
}
# Two-sided and one-sided standard normal points of 0.3% and 1%.
TWO_SIDED, ONE_SIDED = {0.003: 2.9677, 0.01: 2.5758}, {0.003: 2.7478, 0.01: 2.3263}

Judge = Callable[[Split, Sequence[str], Sequence[Any]], bool]


def _ks(alpha: float) -> Judge:
    def judge(origin: Split, texts: Sequence[str], answers: Sequence[Any]) -> bool:
        held = origin.profile.held_out
        assert held is not None
        scores = np.sort(np.array([answer.score for answer in answers]))
        distance = float(distances(scores[:, None], held.scores[:, None])[0])
        return kolmogorov_line(len(scores), held.rows, alpha).z(distance) > 1

    return judge


def _rate(alpha: float) -> Judge:
    def judge(origin: Split, texts: Sequence[str], answers: Sequence[Any]) -> bool:
        held = origin.profile.held_out
        assert held is not None
        rate = float(np.mean([answer.prediction for answer in answers]))
        return abs(rate_z(rate, len(answers), held.positive_rate, held.rows)) > TWO_SIDED[alpha]

    return judge


def _novelty(alpha: float, *, by_rank: bool) -> Judge:
    def judge(origin: Split, texts: Sequence[str], answers: Sequence[Any]) -> bool:
        held, near = origin.profile.held_out, origin.profile.neighbours
        positives = of_class(texts, answers, 1)
        assert held is not None
        assert near is not None
        if len(positives) < 3:
            return False
        found = near.novelty(positives, origin.profile.term_index)
        if by_rank:
            share, error = rank_sum(found, held.novelty)
            return (share - 0.5) / error > ONE_SIDED[alpha]
        spread = held.novelty.std() * sqrt(1 / len(found) + 1 / len(held.novelty))
        return float(found.mean() - held.novelty.mean()) / spread > ONE_SIDED[alpha]

    return judge


WAYS: Mapping[str, Judge] = {
    f"scores, Kolmogorov-Smirnov, {ALPHA:.1%} (kept)": _ks(ALPHA),
    "scores, Kolmogorov-Smirnov, 1%": _ks(0.01),
    f"share called positive, {ALPHA:.1%} (kept)": _rate(ALPHA),
    "share called positive, 1%": _rate(0.01),
    f"novelty of positives, rank sum, {ALPHA:.1%} (kept)": _novelty(ALPHA, by_rank=True),
    "novelty of positives, rank sum, 1%": _novelty(0.01, by_rank=True),
    f"novelty of positives, means, {ALPHA:.1%}": _novelty(ALPHA, by_rank=False),
    "novelty of positives, means, 1%": _novelty(0.01, by_rank=False),
}


def signs(splits: Sequence[Split]) -> dict[str, Any]:
    """The share of windows of each case that each way alarms on."""
    windows: dict[str, list[tuple[Split, list[str], Any]]] = {}
    for case, (draw, size) in CASES.items():
        rng = random.Random(case)
        for origin in splits:
            for _ in range(WINDOWS):
                texts = [row.input for row in draw(origin, size, rng)]
                windows.setdefault(case, []).append((origin, texts, origin.answer(texts)))
    table = [
        {"way": way, **{case: round(float(np.mean([judge(*one) for one in of])), 4) for case, of in windows.items()}}
        for way, judge in WAYS.items()
    ]
    return {"cases": list(CASES), "table": table}
