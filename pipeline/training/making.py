"""From rows to the bytes of an artefact: the part of a training that must give the same again, whenever it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.data.homes import rows_sha256
from pipeline.data.training_set import TrainingSet
from pipeline.gate.evaluation import METRIC_NAMES
from pipeline.monitoring.numeric import NumericProfile, build_numeric_profile
from pipeline.monitoring.profile import Profile
from pipeline.records import Row
from pipeline.served.artifact import pack
from pipeline.served.protocols import ServedModel
from pipeline.served.text_numbers import TextNumbersPredictor
from pipeline.spec import ModelSpec, TextInput
from pipeline.training.backends import Backend
from pipeline.training.fitting import Trained, train
from pipeline.training.reference import numeric_profile, reference_profile
from pipeline.training.search import Progress, Trial

# Ten thousand short messages, or some six hundred reviews.
MOST_PROFILE_CHARACTERS = 800_000


@dataclass(frozen=True, kw_only=True)
class Made:
    """A trained model and the bytes of its artefact."""

    trained: Trained
    content: bytes


def make(spec: ModelSpec, learned: TrainingSet, holdout: Sequence[Row], backend: Backend, progress: Progress) -> Made:
    """Train on the rows and pack what is served, with its reference profile. It reads no clock and no store."""
    rows, weights = learned.plain, learned.weights
    counted = None if weights is None else np.array(weights)
    trained = train(spec, rows, backend=backend, progress=progress, weights=counted)
    progress(0, 1, "reference profile for monitoring")
    served = trained.model.compiled()
    return Made(
        trained=trained, content=pack(served, _profile(spec, rows, holdout, served), _about(spec, trained, rows))
    )


def _profile(
    spec: ModelSpec, rows: Sequence[Row], holdout: Sequence[Row], served: ServedModel
) -> Profile | NumericProfile:
    """The reference that monitoring compares traffic with."""
    if not isinstance(spec.input, TextInput):
        return numeric_profile(rows, spec.input.features)
    predictor = served.predictor()
    if isinstance(predictor, TextNumbersPredictor):
        # What moves the answers of such a model is what it counts, not which words a text has.
        return build_numeric_profile(predictor.counted(str(row.input) for row in rows), predictor.features)
    # The frozen holdout scored by what will serve: scores of training rows look surer than any traffic.
    reference, held_out = thinned(rows), thinned(holdout)
    return reference_profile(reference, held_out, predictor.answer_many, seed=spec.search.seed)


def thinned(rows: Sequence[Row], most_characters: int = MOST_PROFILE_CHARACTERS) -> Sequence[Row]:
    """Every n-th row, so that a profile of long texts reads about as many characters as one of short messages may."""
    characters = sum(len(str(row.input)) for row in rows)
    return rows[:: -(-characters // most_characters)] if characters > most_characters else rows


def _about(spec: ModelSpec, trained: Trained, rows: Sequence[Row]) -> dict[str, Any]:
    best = trained.best
    return {
        "model": spec.name,
        "labels": list(spec.labels),
        "candidate": best.candidate.name,
        "parameters": best.parameters,
        "training_rows": len(rows),
        "training_rows_sha256": rows_sha256(rows),
        "cross_validation": means(best),
    }


def means(trial: Trial) -> dict[str, float]:
    """The mean of every metric over the folds of a trial."""
    return {name: trial.mean(name) for name in METRIC_NAMES}
