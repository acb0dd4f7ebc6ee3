"""What drift is measured with: a reference of texts or of features. Pure: no clock, no files, no model calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from agent.evidence import DataStatus, PatternEvidence
from agent.foresight.backtest.table import PastPrediction
from agent.observing.reading import WINDOW_STATUS
from pipeline.monitoring.drift import measure_drift
from pipeline.monitoring.numeric import build_numeric_profile, measure_numeric_drift
from pipeline.monitoring.profile import build_profile
from pipeline.spec import MonitoringRules

# A reference is thinned out evenly to this many rows: more would measure the same and take longer.
MOST_REFERENCE_ROWS = 3_000
# Null windows of each size; half of what a version's own profile has, for speed.
NULL_WINDOWS = 100
SEED = 7


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Drift of one window: of words for texts, of numbers for features."""

    status: DataStatus
    vocabulary_drift: float | None
    tfidf_drift: float | None
    unique: int
    duplicate_rate: float | None
    patterns: tuple[PatternEvidence, ...] = ()
    score_shift: float | None = None
    numeric_drift: float | None = None


class Ruler(Protocol):
    def measure(self, window: Sequence[PastPrediction]) -> Measured: ...


class TextRuler:
    """Measures texts against a reference of texts; model scores, where there are any, as one more feature."""

    def __init__(self, reference: Sequence[PastPrediction], rules: MonitoringRules):
        self.rules = rules
        self.profile = build_profile([str(row.input) for row in thinned(reference)], seed=SEED, windows=NULL_WINDOWS)
        self.scores = ScoreRuler(reference, rules)

    def measure(self, window: Sequence[PastPrediction]) -> Measured:
        rules = self.rules
        texts = [str(row.input) for row in window]
        found = measure_drift(self.profile, texts, threshold=rules.drift_threshold, min_rows=rules.min_rows)
        return Measured(
            status=WINDOW_STATUS[found.status],
            vocabulary_drift=found.vocabulary_drift,
            tfidf_drift=found.tfidf_drift,
            unique=found.n_unique,
            duplicate_rate=found.duplicate_rate,
            patterns=tuple(
                PatternEvidence(count=one.count, share=one.share, lift=one.lift) for one in found.new_patterns
            ),
            score_shift=self.scores.shift(window),
        )


class NumericRuler:
    """Measures numeric features against a reference of them."""

    def __init__(self, reference: Sequence[PastPrediction], rules: MonitoringRules, features: Sequence[str]):
        self.rules, self.features = rules, tuple(features)
        self.profile = build_numeric_profile(_matrix(reference), self.features)
        self.scores = ScoreRuler(reference, rules)

    def measure(self, window: Sequence[PastPrediction]) -> Measured:
        rules = self.rules
        found = measure_numeric_drift(
            self.profile, _matrix(window), threshold=rules.drift_threshold, min_rows=rules.min_rows
        )
        return Measured(
            status=WINDOW_STATUS[found.status],
            vocabulary_drift=None,
            tfidf_drift=None,
            numeric_drift=found.numeric_drift,
            unique=len({row.input for row in window}),
            duplicate_rate=found.duplicate_rate,
            score_shift=self.scores.shift(window),
        )


class ScoreRuler:
    """Measures the model's scores; it has nothing to say where they are missing."""

    def __init__(self, reference: Sequence[PastPrediction], rules: MonitoringRules):
        self.rules = rules
        known = _scores(reference)
        self.profile = build_numeric_profile(known, ("score",)) if len(known) >= rules.min_rows else None

    def shift(self, window: Sequence[PastPrediction]) -> float | None:
        known = _scores(window)
        if self.profile is None or not len(known):
            return None
        return measure_numeric_drift(self.profile, known, min_rows=self.rules.min_rows).numeric_drift


def thinned(rows: Sequence[PastPrediction]) -> list[PastPrediction]:
    if len(rows) <= MOST_REFERENCE_ROWS:
        return list(rows)
    return [rows[int(place)] for place in np.linspace(0, len(rows) - 1, MOST_REFERENCE_ROWS)]


def _matrix(rows: Sequence[PastPrediction]) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    return np.array([row.input for row in rows], dtype=np.float64)


def _scores(rows: Sequence[PastPrediction]) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    known = [row.score for row in rows if row.score is not None]
    return np.array(known, dtype=np.float64).reshape(-1, 1)
