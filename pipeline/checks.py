"""One look at the traffic of a champion: drift and accuracy of a window, measured and kept, judged elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Engine

from pipeline.monitoring.accuracy import AccuracyReport
from pipeline.monitoring.drift import DriftReport, measure_drift
from pipeline.monitoring.numeric import NumericDriftReport, measure_numeric_drift
from pipeline.monitoring.window import Window, latest_window, save_report
from pipeline.monitoring.window_accuracy import judge_window
from pipeline.records import Pointer
from pipeline.served.artifact import Artifact
from pipeline.spec import ModelSpec


@dataclass(frozen=True, kw_only=True)
class WindowCheck:
    """What a window shows. `drift` is None where the version carries no reference profile."""

    window: Window
    drift: DriftReport | NumericDriftReport | None
    accuracy: AccuracyReport

    def as_dict(self) -> dict[str, Any]:
        """What is kept of it: plain JSON values."""
        return {
            "drift": self.drift.as_dict() if self.drift else None,
            "accuracy": self.accuracy.as_dict(),
            "first_at": self.window.first_at.isoformat() if self.window.first_at else None,
            "last_at": self.window.last_at.isoformat() if self.window.last_at else None,
        }


def newest_window(telemetry: Engine, spec: ModelSpec, champion: Pointer) -> Window:
    """The newest answers of the champion since it became champion, as many as make a window."""
    rows = spec.monitoring.window_rows
    return latest_window(telemetry, model=spec.name, version=champion.version, rows=rows, since=champion.promoted_at)


def check_window(artifact: Artifact, spec: ModelSpec, window: Window) -> WindowCheck:
    """Measure a window of answers of that artefact."""
    rules = spec.monitoring
    return WindowCheck(
        window=window,
        drift=window_drift(artifact, spec, window),
        accuracy=judge_window(
            artifact.profile, window.predictions, floor=rules.accuracy_floor, confidence=rules.accuracy_confidence
        ),
    )


def window_drift(artifact: Artifact, spec: ModelSpec, window: Window) -> DriftReport | NumericDriftReport | None:
    """Drift of a window from what its version was trained on; None where the version carries no profile."""
    rules, records = spec.monitoring, [entry.record for entry in window.predictions]
    if artifact.profile is not None:
        texts = [str(record.input) for record in records]
        return measure_drift(
            artifact.profile, texts, answers=records, threshold=rules.drift_threshold, min_rows=rules.min_rows
        )
    if artifact.numeric_profile is not None:
        rows = np.array([record.input for record in records], dtype=np.float64)
        return measure_numeric_drift(
            artifact.numeric_profile, rows, threshold=rules.drift_threshold, min_rows=rules.min_rows
        )
    return None


def keep_check(telemetry: Engine, champion: Pointer, check: WindowCheck, at: datetime) -> int:
    """Keep what a manual check found, and return the number of the report. It uses no window up."""
    return save_report(
        telemetry,
        model=champion.model,
        generation=champion.generation,
        scheduled=False,
        window=check.window,
        at=at,
        body=check.as_dict(),
    )
