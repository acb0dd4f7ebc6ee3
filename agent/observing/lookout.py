"""Looks at the traffic of one managed model: windows, their drift, what labels say. Measured here, judged elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from agent.evidence import WindowScores
from agent.observing.artifacts import SHARED
from pipeline.checks import next_window, window_drift
from pipeline.durations import hours_between
from pipeline.monitoring import window as log
from pipeline.monitoring.accuracy import AccuracyReport, AccuracyStatus, judge_accuracy
from pipeline.monitoring.causes import Cause
from pipeline.monitoring.drift import DriftReport, NewPattern, WindowStatus
from pipeline.monitoring.looks import LOOKED_BACK
from pipeline.monitoring.numeric import NumericDriftReport
from pipeline.monitoring.profile import Profile
from pipeline.monitoring.turns import bound_by_clock
from pipeline.monitoring.window import Window
from pipeline.monitoring.window_accuracy import QUEUE_SOURCE, judge_window
from pipeline.records import LabelledPrediction, Pointer
from pipeline.served.artifact import Artifact
from pipeline.spec import ModelSpec
from pipeline.store import telemetry as tables
from pipeline.store.open import Store


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured on a window, whatever the kind of model. `body` is the whole report, for people.

    `drift_detected` is about the scores alone: what the answers say besides (`signs`) is no drift.
    """

    status: WindowStatus
    scores: Mapping[str, float | None]
    drift_detected: bool | None
    messages: int
    unique_messages: int
    duplicate_rate: float | None
    body: Mapping[str, Any]
    patterns: tuple[NewPattern, ...] = ()
    signs: Mapping[str, float | None] = field(default_factory=dict)
    causes: tuple[Cause, ...] | None = None


def of_texts(report: DriftReport) -> Measured:
    scores = {"vocabulary_drift": report.vocabulary_drift, "tfidf_drift": report.tfidf_drift}
    known = [score for score in scores.values() if score is not None]
    return Measured(
        status=report.status,
        scores=scores,
        drift_detected=max(known) > report.threshold if known else None,
        signs={"score_shift": report.score_shift, "spam_part_novelty": report.spam_part_novelty},
        causes=report.causes or None,
        messages=report.n_messages,
        unique_messages=report.n_unique,
        duplicate_rate=report.duplicate_rate,
        body=report.as_dict(),
        patterns=report.new_patterns,
    )


def of_numbers(report: NumericDriftReport) -> Measured:
    return Measured(
        status=report.status,
        scores={"numeric_drift": report.numeric_drift},
        drift_detected=report.drift_detected,
        messages=report.n_rows,
        unique_messages=round(report.n_rows * (1 - (report.duplicate_rate or 0.0))),
        duplicate_rate=report.duplicate_rate,
        body=report.as_dict(),
    )


class Lookout:
    """Reads the telemetry of one model."""

    def __init__(self, store: Store, artifact_dir: Path, spec: ModelSpec):
        self.store, self.artifact_dir, self.spec = store, artifact_dir, spec

    def newest(self, champion: Pointer | None, now: datetime) -> Window | None:
        """The newest messages that the champion answered since it became champion."""
        if champion is None:
            return None
        rows = self.spec.monitoring.window_rows
        found = log.latest_window(self.store.telemetry, model=self.spec.name, version=champion.version, rows=rows)
        # After a roll back the version has messages of its earlier service too; windows restart at a promotion.
        since = bound_by_clock(champion.promoted_at, now)
        mine = tuple(entry for entry in found.predictions if since is None or entry.record.at >= since)
        return found if len(mine) == len(found.predictions) else _window(mine)

    def next_unseen(self, champion: Pointer | None, newest: Window | None, now: datetime) -> Window | None:
        """The next window that no scheduled look has seen."""
        if champion is None or newest is None:
            return None
        after = log.last_look(self.store.telemetry, model=self.spec.name, generation=champion.generation)
        return next_window(self.store.telemetry, self.spec, champion, after_seq=after, now=now)

    def drift(self, champion: Pointer | None, window: Window | None) -> Measured | None:
        """The window against the champion's reference; None where there is neither, or the version carries none."""
        if champion is None or window is None:
            return None
        report = window_drift(self._loaded(champion), self.spec, window)
        if report is None:
            return None
        return of_texts(report) if isinstance(report, DriftReport) else of_numbers(report)

    def _loaded(self, champion: Pointer) -> Artifact:
        return SHARED.get(self.artifact_dir, self.spec.name, champion.artifact_sha256)

    def hours_since_last_message(self, now: datetime) -> float | None:
        """Of any version: after a promotion the messages must go on."""
        table = tables.predictions
        query = select(table.c.at).where(table.c.model == self.spec.name).order_by(table.c.seq.desc()).limit(1)
        with self.store.telemetry.connect() as connection:
            last = connection.execute(query).scalar()
        return hours_between(last, now) if last else None

    def scheduled_windows(self, generation: int) -> list[WindowScores]:
        """The scores of the last scheduled windows of this generation, newest first."""
        stored = log.scheduled_reports(
            self.store.telemetry, model=self.spec.name, generation=generation, limit=LOOKED_BACK
        )
        drifts = [(report.body.get("evidence") or {}).get("drift", {}) for report in stored]
        return [WindowScores.among(drift) for drift in drifts]

    def accuracy(self, champion: Pointer | None, newest: Window | None, now: datetime) -> AccuracyReport | None:
        """Over the labels of the newest window; where it has too few, over the newest labels of this champion."""
        if champion is None or newest is None:
            return None
        report = self._judge(self._loaded(champion).profile, newest.predictions)
        if report.status is AccuracyStatus.OK:
            return report
        earlier = self._labelled_since_promotion(champion, now)
        if len(earlier) <= report.labelled:
            return report
        rules = self.spec.monitoring
        correct = sum(entry.label == entry.record.prediction for entry in earlier)
        found = judge_accuracy(correct, len(earlier), floor=rules.accuracy_floor, confidence=rules.accuracy_confidence)
        return replace(found, upper_estimate=report.upper_estimate, suspicious=report.suspicious)

    def _labelled_since_promotion(self, champion: Pointer, now: datetime) -> tuple[LabelledPrediction, ...]:
        """Labels that came by themselves: those that were asked for lean to the riskiest answers of their window."""
        rows = self.spec.monitoring.window_rows
        since = bound_by_clock(champion.promoted_at, now)
        found = log.labelled_since(self.store.telemetry, model=self.spec.name, after=since, limit=2 * rows)
        mine = [
            entry
            for entry in found
            if entry.record.version == champion.version
            and (since is None or entry.record.at >= since)
            and entry.label_source != QUEUE_SOURCE
        ]
        return tuple(mine[-rows:])

    def _judge(self, profile: Profile | None, predictions: tuple[LabelledPrediction, ...]) -> AccuracyReport:
        rules = self.spec.monitoring
        return judge_window(profile, predictions, floor=rules.accuracy_floor, confidence=rules.accuracy_confidence)

    def previous_p_below_floor(self, champion: Pointer) -> float | None:
        """How the previous champion did on the last messages that it answered; None with too few labels to tell."""
        if champion.previous_version is None:
            return None
        rows = self.spec.monitoring.window_rows
        window = log.latest_window(
            self.store.telemetry, model=self.spec.name, version=champion.previous_version, rows=rows
        )
        # Its artefact need not be here any more: strata are by the confidence of its answers then.
        report = self._judge(None, window.predictions)
        return report.p_below_floor if report.status is AccuracyStatus.OK else None

    def new_labels(self, trained_at: datetime | None, now: datetime) -> int:
        """How many predictions were labelled since the last training; a label without its prediction waits."""
        most = self.spec.retraining.max_production_rows
        after = bound_by_clock(trained_at, now) if trained_at else None
        return log.count_labelled(self.store.telemetry, model=self.spec.name, after=after, most=most)


def _window(predictions: tuple[LabelledPrediction, ...]) -> Window:
    if not predictions:
        return Window(from_seq=0, to_seq=0, predictions=(), first_at=None, last_at=None)
    first, last = predictions[0].record, predictions[-1].record
    return Window(
        from_seq=first.seq or 0, to_seq=last.seq or 0, predictions=predictions, first_at=first.at, last_at=last.at
    )
