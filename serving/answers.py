"""What handlers hand out and take in beside predictions: a drift report, labels to store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pipeline.labels.feedback import LabelEntry
from pipeline.monitoring.drift import DriftReport, measure_drift
from pipeline.spec import ModelSpec
from serving.errors import InvalidInputError, NotServingError
from serving.parsing import parse
from serving.schemas import Feedback, FeedbackList
from serving.slots import Loaded

ASKED_FIRST = ("vocabulary_drift", "tfidf_drift", "drift_detected", "threshold", "recommendation")
PATTERN_FIELDS = ("terms", "count", "share")


def drift_report(spec: ModelSpec, loaded: Loaded, texts: Sequence[str]) -> DriftReport:
    """Drift of `texts` against the version's own training texts. Raises NotServingError when it carries no profile."""
    profile, rules = loaded.artifact.profile, spec.monitoring
    if profile is None:
        name = f"{spec.name} {loaded.tag}"
        raise NotServingError("no_profile", f"{name} carries no reference profile. Train a version that does.")
    answers = loaded.artifact.predictor.answer_many(texts)
    return measure_drift(profile, texts, answers=answers, threshold=rules.drift_threshold, min_rows=rules.min_rows)


def drift_answer(report: DriftReport, loaded: Loaded) -> dict[str, Any]:
    whole = report.as_dict()
    patterns = whole.pop("new_patterns")
    shown = [{name: pattern[name] for name in PATTERN_FIELDS} for pattern in patterns]
    asked = {name: whole.pop(name) for name in ASKED_FIRST}
    return {**asked, "new_spam_patterns": shown, **whole, "model_version": loaded.tag}


def feedback_items(body: bytes) -> list[Feedback]:
    """One label, or {"labels": [...]}."""
    if body.lstrip()[:1] == b"{" and b'"labels"' in body:
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
