"""What handlers hand out and take in beside predictions: a drift report, labels to store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from pipeline.checks import drift_of
from pipeline.labels.feedback import LabelEntry
from pipeline.monitoring.drift import DriftReport
from pipeline.monitoring.numeric import NumericDriftReport
from pipeline.records import RowInput
from pipeline.spec import ModelSpec
from serving.errors import InvalidInputError, NotServingError
from serving.parsing import parse
from serving.schemas import Feedback, FeedbackList
from serving.slots import Loaded

ASKED_FIRST = ("vocabulary_drift", "tfidf_drift", "drift_detected", "threshold", "recommendation")
PATTERN_FIELDS = ("terms", "count", "share")


def drift_report(spec: ModelSpec, loaded: Loaded, inputs: Sequence[RowInput]) -> DriftReport | NumericDriftReport:
    """Drift of `inputs` against the version's own training rows. Raises NotServingError when it carries no profile."""
    found = drift_of(loaded.artifact, spec, inputs)
    if found is None:
        name = f"{spec.name} {loaded.tag}"
        raise NotServingError("no_profile", f"{name} carries no reference profile. Train a version that does.")
    return found


def drift_answer(report: DriftReport | NumericDriftReport, loaded: Loaded) -> dict[str, Any]:
    whole = report.as_dict()
    if isinstance(report, NumericDriftReport):
        return {**whole, "model_version": loaded.tag}
    patterns = whole.pop("new_patterns")
    shown = [{name: pattern[name] for name in PATTERN_FIELDS} for pattern in patterns]
    asked = {name: whole.pop(name) for name in ASKED_FIRST}
    return {**asked, "new_spam_patterns": shown, **whole, "model_version": loaded.tag}


def feedback_items(body: bytes) -> list[Feedback]:
    """One label, or {"labels": [...]}: told apart by the key, since a source or a class may be called `labels` too."""
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        given = {}  # what is wrong with it, `parse` says
    if isinstance(given, dict) and "labels" in given:
        return parse(FeedbackList, body).labels
    return [parse(Feedback, body)]


def label_entries(spec: ModelSpec, items: Sequence[Feedback]) -> list[LabelEntry]:
    """Raises InvalidInputError, which names the model's labels."""
    now = datetime.now(UTC)
    try:
        return [
            LabelEntry(prediction_id=item.prediction_id, label=spec.label_index(item.label), source=item.source, at=now)
            for item in items
        ]
    except ValueError as error:
        raise InvalidInputError(str(error)) from None
