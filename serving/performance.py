"""How well the champion of a model does: accuracy from the labels of its newest window, latency, counts."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from pipeline.checks import newest_window
from pipeline.monitoring.window_accuracy import judge_window
from pipeline.spec import ModelSpec
from serving.slots import Loaded


def accuracy_of(telemetry: Engine, spec: ModelSpec, champion: Loaded) -> dict[str, Any]:
    """The champion's newest window, judged by the labels that arrived for it; null where there are none."""
    rules = spec.monitoring
    window = newest_window(telemetry, spec, champion.pointer, now=datetime.now(UTC))
    report = judge_window(
        champion.artifact.profile,
        window.predictions,
        floor=rules.accuracy_floor,
        confidence=rules.accuracy_confidence,
    )
    return {
        "status": report.status.value,
        "window_predictions": len(window),
        "labels": report.labelled,
        "accuracy": report.estimate,
        "accuracy_interval_98": None if report.low is None else [report.low, report.high],
        "accuracy_floor": report.floor,
        "p_below_floor": report.p_below_floor,
        "standing": report.standing.value,
        "method": report.method.value,
        "upper_estimate": report.upper_estimate,
        "more_labels": report.more_labels,
        "label_delay_hours": report.label_delay_hours,
        "explanation": list(report.explanation),
    }


def unknown_accuracy(spec: ModelSpec, status: str, why: str) -> dict[str, Any]:
    """The same fields when nothing can be said."""
    unknown = (
        "window_predictions",
        "labels",
        "accuracy",
        "accuracy_interval_98",
        "p_below_floor",
        "standing",
        "method",
        "upper_estimate",
        "more_labels",
        "label_delay_hours",
    )
    return {
        "status": status,
        **dict.fromkeys(unknown),
        "accuracy_floor": spec.monitoring.accuracy_floor,
        "explanation": [why],
    }
