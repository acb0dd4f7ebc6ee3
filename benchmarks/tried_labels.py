"""Other posteriors of a window's accuracy, and other guesses of which answers are wrong."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, expit, gammaln, logit

from benchmarks.corpora import Split
from benchmarks.label_sample import FLOOR, ROWS, TRULY_LOW, any_draw, predictions_of
from pipeline.monitoring.distances import Floats
from pipeline.monitoring.posterior import PRIOR_BASE, PRIOR_STRENGTH
from pipeline.monitoring.risk import fit_risk, p_correct
from pipeline.monitoring.window_accuracy import labelling_order, risks_of
from pipeline.records import Row

LABELS, SURE = (20, 50), 0.975
WINDOWS = 40


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """By stratum: messages, what the answers let expect, labels, right ones; for each number of labels. The truth."""

    strata: dict[int, list[tuple[int, float, int, int]]]
    accuracy: float


def posteriors(splits: Sequence[Split]) -> list[dict[str, Any]]:
    """How each prior does on the same windows and labels."""
    rng = random.Random(4)
    windows = [_labelled(origin, rng, f"{at}-{turn}") for at, origin in enumerate(splits) for turn in range(WINDOWS)]
    shifts = np.linspace(-2, 5, 15)

    def normal(mean: float, sd: float) -> Floats:
        return np.exp(-0.5 * ((shifts - mean) / sd) ** 2)

    one = (np.zeros(1), np.ones(1))
    ways: dict[str, tuple[float, float, tuple[Floats, Floats]]] = {
        "Beta(0.25 + 2p) (kept)": (PRIOR_BASE, PRIOR_STRENGTH, one),
        "Beta(0.25 + p)": (0.25, 1.0, one),
        "Beta(0.1 + 2p)": (0.1, 2.0, one),
        "Beta(0.25 + 2p), p shifted in all strata by N(0, 1.5)": (0.25, 2.0, (shifts, normal(0, 1.5))),
        "Beta(0.25 + 2p), p shifted in all strata by N(0.5, 1.5)": (0.25, 2.0, (shifts, normal(0.5, 1.5))),
        "Beta(0.25 + 8p), p shifted in all strata by N(0, 1.5)": (0.25, 8.0, (shifts, normal(0, 1.5))),
    }
    return [{"posterior": name, "windows": len(windows), **_judged(windows, *way)} for name, way in ways.items()]


def _labelled(origin: Split, rng: random.Random, name: str) -> Labelled:
    rows = any_draw(rng)(origin, ROWS, rng)
    predictions = predictions_of(origin, rows, name)
    right = np.array([entry.record.prediction == row.label for entry, row in zip(predictions, rows, strict=True)])
    found = risks_of(origin.profile, predictions)
    order = np.array(labelling_order(found))
    strata = {}
    for labels in LABELS:
        given = order[:labels]
        strata[labels] = [
            (int(inside.sum()), float(found.p_correct[inside].mean()), len(mine), int(right[mine].sum()))
            for stratum in range(3)
            for inside, mine in [(found.strata == stratum, given[found.strata[given] == stratum])]
        ]
    return Labelled(strata=strata, accuracy=float(right.mean()))


def _judged(windows: Sequence[Labelled], base: float, strength: float, shifts: tuple[Floats, Floats]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    truth = np.array([window.accuracy for window in windows])
    for labels in LABELS:
        chances = [_chances(window.strata[labels], base, strength, *shifts) for window in windows]
        below = np.array([one[: ceil(FLOOR * (len(one) - 1) - 1e-9)].sum() for one in chances])
        totals = [np.cumsum(one) for one in chances]
        low = np.array([np.searchsorted(one, 0.01, side="right") / (len(one) - 1) for one in totals])
        high = np.array([np.searchsorted(one, 0.99 - 1e-12) / (len(one) - 1) for one in totals])
        found |= {
            f"declared_truly_low_{labels}": round(float((below >= SURE)[truth < TRULY_LOW].mean()), 4),
            f"falsely_below_{labels}": round(float((below >= SURE)[truth >= FLOOR].mean()), 4),
            f"covered_{labels}": round(float(((low <= truth + 1e-9) & (truth <= high + 1e-9)).mean()), 4),
            f"width_{labels}": round(float((high - low).mean()), 4),
        }
    return found


def _chances(
    strata: Sequence[tuple[int, float, int, int]], base: float, strength: float, shifts: Floats, weights: Floats
) -> Floats:
    """P(k right answers), mixed over shifts of the logit of what is expected in all strata at once."""
    parts, logs = [], []
    for shift, weight in zip(shifts, weights, strict=True):
        chances, log_weight = np.ones(1), float(np.log(weight))
        for messages, expected, labelled, correct in strata:
            p = float(expit(logit(np.clip(expected, 1e-4, 1 - 1e-4)) - shift))
            a, b = base + strength * p, base + strength * (1 - p)
            log_weight += float(betaln(a + correct, b + labelled - correct) - betaln(a, b))
            unknown = _beta_binomial(messages - labelled, a + correct, b + labelled - correct)
            chances = np.convolve(chances, np.pad(unknown, (correct, labelled - correct)))
        parts.append(chances)
        logs.append(log_weight)
    shares = np.exp(np.array(logs) - max(logs))
    mixed = np.maximum(shares @ np.array(parts), 0)
    return mixed / mixed.sum()


def _beta_binomial(n: int, a: float, b: float) -> Floats:
    k = np.arange(n + 1)
    whole = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.exp(whole + betaln(a + k, b + n - k) - betaln(a, b))


Guess = Callable[[Split, Floats, NDArray[np.int64]], Floats]
# A split, the scores of a window, its predicted classes, and which of them are right.
Window = tuple[Split, Floats, NDArray[np.int64], NDArray[np.bool_]]


def risks(splits: Sequence[Split], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """How well each guess of P(correct) tells bad windows from good ones, and where it puts the errors."""
    label = {row.input: row.label for row in rows}
    ways: dict[str, Guess] = {
        "logit and class, held-out rows as they are and garbled (kept)": _kept_risk,
        "logit and class, unseen rows as they are": lambda o, s, p: p_correct(_plain_risk(o, label), s, p),
        "the model's own confidence": lambda o, s, p: np.maximum(s, 1 - s),
    }
    windows = []
    for at, origin in enumerate(splits):
        rng = random.Random(at)
        for turn in range(WINDOWS):
            drawn = any_draw(rng)(origin, ROWS, rng)
            records = [entry.record for entry in predictions_of(origin, drawn, f"risk {turn}")]
            scores = np.array([record.score for record in records])
            given = np.array([record.prediction for record in records], dtype=np.int64)
            windows.append((origin, scores, given, given == np.array([row.label for row in drawn])))
    return [{"risk": name, **_told(windows, guess)} for name, guess in ways.items()]


def _kept_risk(origin: Split, scores: Floats, given: NDArray[np.int64]) -> Floats:
    assert origin.profile.held_out is not None, "splits of messages have held-out answers"
    return p_correct(origin.profile.held_out.risk, scores, given)


def _plain_risk(origin: Split, label: dict[Any, int]) -> Floats:
    """Fitted on half of the calm pool, which no training has seen either."""
    if "plain" not in origin.__dict__:
        rows = origin.live[::2]
        answers = origin.answer([row.input for row in rows])
        assert answers is not None
        given = np.array([answer.prediction for answer in answers], dtype=np.int64)
        correct = given == np.array([label[row.input] for row in rows])
        origin.__dict__["plain"] = fit_risk(np.array([answer.score for answer in answers]), given, correct)
    return origin.__dict__["plain"]


def _told(
    windows: Sequence[tuple[Split, Floats, NDArray[np.int64], NDArray[np.bool_]]], guess: Guess
) -> dict[str, Any]:
    means, bad, errors, riskiest = [], [], 0, 0
    for origin, scores, given, right in windows:
        p = guess(origin, scores, given)
        means.append(float(p.mean()))
        bad.append(float(right.mean()) < FLOOR)
        wrong = ~right[np.argsort(p, kind="stable")]
        errors, riskiest = errors + int(wrong.sum()), riskiest + int(wrong[: round(0.15 * len(p))].sum())
    order, low = np.argsort(np.argsort(-np.array(means))) + 1, np.array(bad)
    n, m = int(low.sum()), int((~low).sum())
    auc = (order[low].sum() - n * (n + 1) / 2) / (n * m)
    return {"auc_below_floor": round(float(auc), 4), "errors_in_riskiest_15": round(riskiest / errors, 4)}
