"""Measured windows of a model over time, and the lines that they are held to."""

from datetime import datetime

from dashboard.answers.answered import Answered


class Lines(Answered):
    drift_threshold: float
    accuracy_floor: float
    accuracy_confidence: float


class Accuracy(Answered):
    status: str | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    labelled: int | None = None
    upper_estimate: float | None = None


class Drift(Answered):
    status: str | None = None
    vocabulary_drift: float | None = None
    tfidf_drift: float | None = None
    numeric_drift: float | None = None
    messages: int | None = None


class Reading(Answered):
    statistic: str
    raw: float | None
    expected: float | None
    alarm_at: float | None


class Window(Answered):
    seq: int
    at: datetime
    generation: int
    scheduled: bool
    decision_id: str | None
    drift: Drift
    accuracy: Accuracy
    readings: tuple[Reading, ...]
    patterns: int


class Move(Answered):
    at: datetime
    kind: str
    from_version: int | None
    to_version: int
    generation: int


class Series(Answered):
    model: str
    measured: int
    windows: tuple[Window, ...]
    lines: Lines
    names: dict[str, str]
    shares: frozenset[str]
    moves: tuple[Move, ...]
