"""From labelled rows to a trained model: search candidates, fit the best on all rows, calibrate, set the threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline.gate.evaluation import Labels, Metrics, Scores, evaluate
from pipeline.records import Row, RowInput
from pipeline.served.protocols import ServedModel
from pipeline.spec import ModelSpec, TransformerBlock
from pipeline.training.backends import Backend
from pipeline.training.estimators import (
    TrainedModel,
    as_features,
    best_threshold,
    calibrated,
    featuriser,
    fit_calibration,
    fit_estimator,
)
from pipeline.training.fine_tuning import fine_tuned
from pipeline.training.search import Progress, Trial, search


class Scorer(Protocol):
    """A trained model, whatever made it: the yardstick of what is served."""

    @property
    def threshold(self) -> float: ...

    def scores(self, inputs: Sequence[RowInput]) -> Scores: ...

    def compiled(self) -> ServedModel: ...


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The winner of a search, fitted on all training rows, and all trials, best first."""

    model: Scorer
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial:
        return self.trials[0]


def train(
    spec: ModelSpec, rows: Sequence[Row], *, backend: Backend, progress: Progress, weights: Scores | None = None
) -> Trained:
    """Search the candidates of `spec` on `rows` and fit the best one. The same rows and seed give the same model.

    `weights` (n,) say how much each row counts. Candidates that are fine-tuned are compared on their validation rows.
    """
    searched = [candidate for candidate in spec.candidates if candidate.estimator != "transformer"]
    tuned = [
        fine_tuned(one, rows, spec.search.seed, progress, weights) for one in spec.candidates if one not in searched
    ]
    trials = search(rows, searched, spec.search, backend, progress, weights) if searched else []
    ranked = sorted([*trials, *(one.trial for one in tuned)], key=lambda t: -t.mean(spec.search.primary_metric))
    found: Scorer | None = next((one.model for one in tuned if one.trial is ranked[0]), None)
    if found is None:
        progress(0, 1, "fitting the best candidate on all rows")
        found = fit(ranked[0], rows, spec.search.seed, spec.feature_names, weights)
    return Trained(model=found, trials=tuple(ranked))


def fit(
    trial: Trial,
    rows: Sequence[Row],
    seed: int,
    feature_names: tuple[str, ...] = (),
    weights: Scores | None = None,
) -> TrainedModel:
    """Fit one trial's combination on all rows; calibration and threshold come from its held-out decision values."""
    labels = labels_of(rows)
    block = trial.candidate.features
    if isinstance(block, TransformerBlock):
        raise ValueError("A transformer is fine-tuned, not fitted.")
    transform = featuriser(block)
    features = transform.fit_transform(as_features(block, [row.input for row in rows]))
    held_out, truth = trial.decisions.ravel(), np.tile(labels, len(trial.decisions))
    calibration = fit_calibration(held_out, truth)
    return TrainedModel(
        featuriser=transform,
        estimator=fit_estimator(trial.candidate, trial.parameters, features, labels, seed, weights),
        calibration=calibration,
        threshold=best_threshold(truth, calibrated(calibration, held_out)),
        block=block,
        feature_names=feature_names,
    )


def evaluate_on(model: Scorer, rows: Sequence[Row]) -> tuple[Metrics, Scores]:
    """Metrics of a trained model on rows that it has not seen, and its scores (n,)."""
    scores = model.scores([row.input for row in rows])
    return evaluate(labels_of(rows), (scores >= model.threshold).astype(int), scores), scores


def labels_of(rows: Sequence[Row]) -> Labels:
    return np.array([row.label for row in rows], dtype=np.int64)
