"""The figures of a decision against their lines, for people and prompts. Pure: no clock, no files, no model calls."""

from dataclasses import dataclass

from agent.decision import PolicyRules
from agent.evidence import Evidence
from agent.rules.signals import Case
from agent.rules.wording import score, share
from pipeline.durations import HOURS_PER_DAY

SIGNS = {"score_shift": "score shift", "spam_part_novelty": "positive novelty"}
NAMES = {"vocabulary_drift": "vocabulary drift", "tfidf_drift": "TF-IDF drift", "numeric_drift": "numeric drift"}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number beside its line, in words. `margin` and `beyond` are None where the number is unknown."""

    name: str
    value: str
    line: str
    margin: float | None
    beyond: bool | None
    reading: str


def figures(evidence: Evidence, rules: PolicyRules) -> tuple[Figure, ...]:
    """Drift, accuracy, labels and schedule of one piece of evidence."""
    case = Case(evidence, rules)
    return (
        *(_drift(NAMES[name], value, rules) for name, value in case.drift_scores.items()),
        *_signs(case),
        _accuracy(case),
        _p_below_floor(case),
        _labels(case),
        _schedule(case),
    )


def _drift(name: str, value: float | None, rules: PolicyRules) -> Figure:
    line = rules.monitoring.drift_threshold
    margin = None if value is None else value - line
    return _figure(
        name, score(value), f"above {line:.2f}", margin, margin is not None and margin > 0, "drift", "no drift"
    )


def _signs(case: Case) -> tuple[Figure, ...]:
    """Only where they are known: not every kind of model has them."""
    drift, line = case.evidence.drift, case.rules.monitoring.drift_threshold
    found = {name: getattr(drift, name) for name in SIGNS} if drift.status.usable else {}
    return tuple(
        _figure(SIGNS[name], score(value), f"above {line:.2f}", value - line, value > line, "shifted", "as usual")
        for name, value in found.items()
        if value is not None
    )


def _accuracy(case: Case) -> Figure:
    accuracy, floor = case.evidence.accuracy, case.rules.monitoring.accuracy_floor
    known = accuracy.estimate if case.p_below_floor is not None else None
    interval = "" if accuracy.low is None or accuracy.high is None else f" ({accuracy.low:.1%} to {accuracy.high:.1%})"
    margin = None if known is None else known - floor
    below = margin is not None and margin < 0
    return _figure("accuracy", share(known) + interval, f"below {floor:.1%}", margin, below, "below", "not below")


def _p_below_floor(case: Case) -> Figure:
    rules, p, labelled = case.rules.monitoring, case.p_below_floor, case.evidence.accuracy.labelled
    margin = None if p is None else p - rules.accuracy_confidence
    value = f"{score(p)} ({labelled} labels)"
    settled = "not settled" if case.accuracy_undecided else "clear"
    name, line = "P(accuracy below)", f"{rules.accuracy_confidence} or more"
    return _figure(name, value, line, margin, bool(case.accuracy_below), "too low", settled)


def _labels(case: Case) -> Figure:
    new, least = case.evidence.training.new_labels, case.rules.retraining.min_new_labels
    value = "unknown" if new is None else str(new)
    line = f"{least} or more"
    return _figure("new labelled rows", value, line, case.labels_margin, case.labels_suffice, "enough", "too few")


def _schedule(case: Case) -> Figure:
    hours, days = case.evidence.training.hours_since_training, case.rules.retraining.schedule_days
    value = "unknown" if hours is None else f"{hours / HOURS_PER_DAY:.1f} days ago"
    margin = case.schedule_margin_hours
    in_days = None if margin is None else margin / HOURS_PER_DAY
    if case.evidence.training.calendar_overdue_hours is not None:
        return _figure("last training", value, "by the calendar", in_days, case.schedule_due, "due", "not due")
    return _figure("last training", value, f"every {days:g} days", in_days, case.schedule_due, "due", "not due")


def _figure(name: str, value: str, line: str, margin: float | None, beyond: bool, yes: str, no: str) -> Figure:
    known = margin is not None
    reading = (yes if beyond else no) if known else "unknown"
    return Figure(name=name, value=value, line=line, margin=margin, beyond=beyond if known else None, reading=reading)
