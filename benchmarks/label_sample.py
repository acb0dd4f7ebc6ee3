"""How well a few labels, chosen by risk or not, tell the accuracy of a window of 500 messages."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from benchmarks.corpora import Draw, Split, calm, campaigns, changed, class_mix, mixture
from pipeline.monitoring.accuracy import judge_accuracy
from pipeline.monitoring.window_accuracy import QUEUE_SOURCE, judge_window, labelling_order, risks_of
from pipeline.records import LabelledPrediction, PredictionRecord, Row

FLOOR, CONFIDENCE, ROWS = 0.93, 0.975, 500
# Five points under the floor: an operator would want to know.
TRULY_LOW = 0.88
LABELS = (20, 50, 100)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def simulate(splits: Sequence[Split], windows: int = 60) -> dict[str, Any]:
    """Coverage, declarations and false declarations by number of labels; and the estimate without labels."""
    rng = random.Random(4)
    found = [
        one(origin, any_draw(rng), rng, f"{place}-{turn}")
        for place, origin in enumerate(splits)
        for turn in range(windows)
    ]
    accuracy = np.array([window["accuracy"] for window in found])
    upper = np.array([window["upper"] for window in found])
    low, truly_low, high = accuracy < FLOOR, accuracy < TRULY_LOW, accuracy >= FLOOR
    return {
        "windows": len(found),
        "below_floor": int(low.sum()),
        "truly_low": int(truly_low.sum()),
        "upper_estimate_bias_below_floor": round(float((upper - accuracy)[low].mean()), 4),
        "upper_estimate_bias_above": round(float((upper - accuracy)[high].mean()), 4),
        "suspicious_of_low": round(float((upper < FLOOR)[low].mean()), 4),
        "suspicious_of_high": round(float((upper < FLOOR)[high].mean()), 4),
        "upper_estimate_auc": round(_auc(-upper, low), 4),
        "table": [_row(found, labels, way) for labels in LABELS for way in ("chosen", "arrived")],
    }


def any_draw(rng: random.Random) -> Draw:
    """Traffic of any kind, half of it with campaigns."""
    kind, share, length = rng.randrange(8), rng.uniform(0.05, 0.6), rng.randrange(10, 60)
    if kind < 4:
        return campaigns(share)
    return (calm, mixture(share), class_mix, changed(lambda text, _: text[:length]))[kind - 4]


def one(origin: Split, draw: Draw, rng: random.Random, name: str) -> dict[str, Any]:
    """One window: the truth, the estimate without labels, and what labels say, chosen by risk and drawn at random."""
    rows = draw(origin, ROWS, rng)
    predictions, truth = predictions_of(origin, rows, name), [row.label for row in rows]
    right = np.array([entry.record.prediction == label for entry, label in zip(predictions, truth, strict=True)])
    order = labelling_order(risks_of(origin.profile, predictions))
    drawn = rng.sample(range(len(rows)), len(rows))
    window: dict[str, Any] = {"accuracy": float(right.mean())}
    for labels in LABELS:
        given = set(order[:labels])
        labelled = [
            LabelledPrediction(record=e.record, label=truth[i], labelled_at=NOON, label_source=QUEUE_SOURCE)
            if i in given
            else e
            for i, e in enumerate(predictions)
        ]
        window["chosen", labels] = judge_window(origin.profile, labelled, floor=FLOOR, confidence=CONFIDENCE)
        correct = int(right[drawn[:labels]].sum())
        window["arrived", labels] = judge_accuracy(correct, labels, floor=FLOOR, confidence=CONFIDENCE)
    window["upper"] = window["chosen", LABELS[0]].upper_estimate
    return window


def predictions_of(origin: Split, rows: Sequence[Row], name: str) -> list[LabelledPrediction]:
    """What the log would hold of these rows, without labels."""
    given = origin.answer([row.input for row in rows])
    assert given is not None, "splits of messages have a model"
    records = [
        PredictionRecord(
            prediction_id=f"{name}-{place}",
            model="sms_spam",
            version=1,
            slot="champion",
            at=NOON,
            input=row.input,
            prediction=answer.prediction,
            score=answer.score,
        )
        for place, (row, answer) in enumerate(zip(rows, given, strict=True))
    ]
    return [LabelledPrediction(record=record, label=None, labelled_at=None) for record in records]


def _row(found: Sequence[dict[str, Any]], labels: int, way: str) -> dict[str, Any]:
    def rate(windows: Sequence[dict[str, Any]], holds: Any) -> float | None:
        return round(float(np.mean([holds(w[way, labels], w["accuracy"]) for w in windows])), 4) if windows else None

    def below(report: Any, accuracy: float) -> bool:
        return report.standing.value == "below"

    return {
        "labels": labels,
        "way": way,
        "covered": rate(
            found, lambda report, accuracy: report.low <= accuracy + 1e-9 and accuracy - 1e-9 <= report.high
        ),
        "width": round(float(np.mean([w[way, labels].high - w[way, labels].low for w in found])), 4),
        "declared_truly_low": rate([w for w in found if w["accuracy"] < TRULY_LOW], below),
        "declared_below_floor": rate([w for w in found if w["accuracy"] < FLOOR], below),
        "falsely_below": rate([w for w in found if w["accuracy"] >= FLOOR], below),
        "falsely_clear": rate(
            [w for w in found if w["accuracy"] < FLOOR], lambda report, accuracy: report.standing.value == "clear"
        ),
    }


def _auc(score: np.ndarray, positive: np.ndarray) -> float:
    ranks = np.argsort(np.argsort(score)) + 1
    n, m = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m)) if n and m else float("nan")
