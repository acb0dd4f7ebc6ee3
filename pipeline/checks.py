"""One look at the traffic of a champion: drift and accuracy of a window, measured and kept, judged elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from pipeline.monitoring.accuracy import AccuracyReport
from pipeline.monitoring.drift import DriftReport, measure_drift
from pipeline.monitoring.held_out import Answered
from pipeline.monitoring.numeric import NumericDriftReport, measure_numeric_drift
from pipeline.monitoring.turns import bound_by_clock, turn_after
from pipeline.monitoring.window import Window, latest_window, read_window, save_report
from pipeline.monitoring.window_accuracy import judge_window
from pipeline.records import Pointer, RowInput
from pipeline.served.artifact import Artifact
from pipeline.served.text_numbers import TextNumbersPredictor
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


def newest_window(telemetry: Engine, spec: ModelSpec, champion: Pointer, *, now: datetime) -> Window:
    """The newest answers of the champion since it became champion, as many as make a window."""
    rows, since = spec.monitoring.window_rows, bound_by_clock(champion.promoted_at, now)
    return latest_window(telemetry, model=spec.name, version=champion.version, rows=rows, since=since)


def next_window(telemetry: Engine, spec: ModelSpec, champion: Pointer, *, after_seq: int, now: datetime) -> Window:
    """The oldest answers of the champion after that number of the log, as many as make a window, or fewer.

    By time, a window ends at the first turn of `window_hours` before which `min_rows` answers were given; until that
    turn has come it is what there is so far, and `is_full` says no.
    """
    rules = spec.monitoring

    def read(until: datetime | None) -> Window:
        return read_window(
            telemetry,
            model=spec.name,
            version=champion.version,
            after_seq=after_seq,
            rows=rules.window_rows,
            since=bound_by_clock(champion.promoted_at, now),
            until=until,
        )

    found = read(None)
    end = _time_of_end(spec, champion, found, now)
    return found if end is None or end > now else read(end)


def is_full(spec: ModelSpec, champion: Pointer, window: Window, now: datetime) -> bool:
    """Whether a window of `next_window` has ended, by count or by time."""
    if len(window) >= spec.monitoring.window_rows:
        return True
    end = _time_of_end(spec, champion, window, now)
    return end is not None and end <= now


def _time_of_end(spec: ModelSpec, champion: Pointer, window: Window, now: datetime) -> datetime | None:
    """None by count, and while there are too few answers to judge: a window of them would be used up for nothing."""
    hours, least = spec.monitoring.window_hours, max(spec.monitoring.min_rows, 1)
    if hours is None or len(window) < least:
        return None
    # Not after the first answer of the log: rows written late, and clocks that disagree, are few among the earliest.
    enough_at = sorted(entry.record.at for entry in window.predictions)[least - 1]
    began = bound_by_clock(champion.promoted_at, now) or enough_at
    return turn_after(enough_at, promoted_at=began, hours=hours)


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
    records = [entry.record for entry in window.predictions]
    return drift_of(artifact, spec, [record.input for record in records], records)


def drift_of(
    artifact: Artifact, spec: ModelSpec, inputs: Sequence[RowInput], answers: Sequence[Answered] | None = None
) -> DriftReport | NumericDriftReport | None:
    """Drift of inputs from what a version was trained on; None where it carries no profile. Without its `answers` to
    them, it is asked.
    """
    rules = spec.monitoring
    if artifact.profile is not None:
        texts = [str(value) for value in inputs]
        given = artifact.predictor.answer_many(texts) if answers is None else answers
        return measure_drift(
            artifact.profile, texts, answers=given, threshold=rules.drift_threshold, min_rows=rules.min_rows
        )
    if artifact.numeric_profile is not None:
        return measure_numeric_drift(
            artifact.numeric_profile,
            numbers_of(artifact, inputs),
            threshold=rules.drift_threshold,
            min_rows=rules.min_rows,
        )
    return None


def numbers_of(artifact: Artifact, inputs: Sequence[RowInput]) -> NDArray[np.float64]:
    """The numbers that a version's profile is about, (n, features): those it is given, or counts in the texts."""
    predictor = artifact.predictor
    if isinstance(predictor, TextNumbersPredictor):
        return predictor.counted(str(value) for value in inputs)
    return np.array(list(inputs), dtype=np.float64)


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
