"""From labelled rows to a trained model: search candidates, fit the best on all rows, calibrate, set the threshold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.gate.evaluation import Labels, Metrics, Scores, evaluate
from pipeline.records import Row
from pipeline.spec import ModelSpec
from pipeline.training.estimators import (
    TrainedModel,
    as_features,
    best_threshold,
    calibrated,
    featuriser,
    fit_calibration,
    fit_estimator,
)
from pipeline.training.search import Progress, Trial, search


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The winner of a search, fitted on all training rows, and all trials, best first."""

    model: TrainedModel
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial:
        return self.trials[0]


def train(spec: ModelSpec, rows: Sequence[Row], *, processes: int, progress: Progress) -> Trained:
    """Search the candidates of `spec` on `rows` and fit the best one. The same rows and seed give the same model."""
    trials = search(rows, spec.candidates, spec.search, processes, progress)
    return Trained(model=fit(trials[0], rows, spec.search.seed, spec.feature_names), trials=tuple(trials))


def fit(trial: Trial, rows: Sequence[Row], seed: int, feature_names: tuple[str, ...] = ()) -> TrainedModel:
    """Fit one trial's combination on all rows; calibration and threshold come from its held-out decision values."""
    labels = labels_of(rows)
    block = trial.candidate.features
    transform = featuriser(block)
    features = transform.fit_transform(as_features(block, [row.input for row in rows]))
    held_out, truth = trial.decisions.ravel(), np.tile(labels, len(trial.decisions))
    calibration = fit_calibration(held_out, truth)
    return TrainedModel(
        featuriser=transform,
        estimator=fit_estimator(trial.candidate, trial.parameters, features, labels, seed),
        calibration=calibration,
        threshold=best_threshold(truth, calibrated(calibration, held_out)),
        block=block,
        feature_names=feature_names,
    )


def evaluate_on(model: TrainedModel, rows: Sequence[Row]) -> tuple[Metrics, Scores]:
    """Metrics of a trained model on rows that it has not seen, and its scores (n,)."""
    scores = model.scores([row.input for row in rows])
    return evaluate(labels_of(rows), (scores >= model.threshold).astype(int), scores), scores


def labels_of(rows: Sequence[Row]) -> Labels:
    return np.array([row.label for row in rows], dtype=np.int64)
