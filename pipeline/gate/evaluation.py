"""How good a set of predictions is. Pure: no clock, no files, no model calls."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Scores = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Metrics of one set of rows; precision, recall and F1 are of the positive class, each in [0, 1].

    `log_loss` is in nats; `ece` is the expected calibration error over ten equal-width bins (Naeini et al., 2015).
    """

    rows: int
    positives: int
    accuracy: float
    precision: float
    recall: float
    f1: float
    log_loss: float
    ece: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


METRIC_NAMES = ("accuracy", "precision", "recall", "f1", "log_loss", "ece")


def evaluate(labels: Labels, predictions: Labels, scores: Scores) -> Metrics:
    """Metrics of `predictions` (n,) and P(positive) `scores` (n,) against true `labels` (n,).

    Raises ValueError when n is 0.
    """
    if len(labels) == 0:
        raise ValueError("There are no rows to evaluate.")
    return Metrics(
        rows=len(labels),
        positives=int(labels.sum()),
        accuracy=accuracy(labels, predictions),
        precision=precision(labels, predictions),
        recall=recall(labels, predictions),
        f1=f1(labels, predictions),
        log_loss=log_loss(labels, scores),
        ece=expected_calibration_error(labels, scores),
    )


def accuracy(labels: Labels, predictions: Labels) -> float:
    return float(np.mean(labels == predictions))


def precision(labels: Labels, predictions: Labels) -> float:
    """TP / (TP + FP); 0 when nothing was predicted positive, as scikit-learn has it."""
    return _ratio(np.sum((labels == 1) & (predictions == 1)), np.sum(predictions == 1))


def recall(labels: Labels, predictions: Labels) -> float:
    """TP / (TP + FN); 0 when no row is positive."""
    return _ratio(np.sum((labels == 1) & (predictions == 1)), np.sum(labels == 1))


def f1(labels: Labels, predictions: Labels) -> float:
    """2 TP / (2 TP + FP + FN); 0 when there is neither a positive row nor a positive prediction."""
    return _ratio(2 * np.sum((labels == 1) & (predictions == 1)), np.sum(labels == 1) + np.sum(predictions == 1))


def majority_accuracy(labels: Labels) -> float:
    """The accuracy of always answering the more frequent class."""
    share = float(np.mean(labels == 1))
    return max(share, 1 - share)


def log_loss(labels: Labels, scores: Scores) -> float:
    """Mean negative log likelihood in nats, with scores clipped to [1e-15, 1 - 1e-15]."""
    clipped = np.clip(scores, 1e-15, 1 - 1e-15)
    return float(-np.mean(np.where(labels == 1, np.log(clipped), np.log1p(-clipped))))


def expected_calibration_error(labels: Labels, scores: Scores, bins: int = 10) -> float:
    """Mean of |observed rate - mean score| over equal-width bins, weighted by their rows."""
    index = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [
        abs(labels[index == b].mean() - scores[index == b].mean()) * np.sum(index == b)
        for b in range(bins)
        if np.any(index == b)
    ]
    return float(sum(gaps) / len(labels))


METRICS = {"accuracy": accuracy, "precision": precision, "recall": recall, "f1": f1}


def _ratio(part: np.integer | int, whole: np.integer | int) -> float:
    return float(part / whole) if whole else 0.0
