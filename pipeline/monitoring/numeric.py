"""Drift of numeric features, on the scale of the text scores: 0.15 is the alarm line at every window size.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.monitoring.distances import Floats
from pipeline.monitoring.drift_report import FULL_POWER_ROWS, MIN_ROWS, WindowStatus
from pipeline.monitoring.scale import ALARM_LINE, POWER_SDS, score_of, z_of
from pipeline.monitoring.two_samples import (
    KOLMOGOROV_SD,
    distances,
    effective_size,
    kolmogorov_line,
    sorted_columns,
)

# The share of windows without drift in which any feature may alarm; each gets its part of it (Bonferroni). A point
# below the 5% that are allowed: a reference of finite size is a little off itself.
ALPHA = 0.04
# More rows than this are thinned out evenly: the distance from the whole is below a thousandth.
MOST_REFERENCE_ROWS = 1_000


@dataclass(frozen=True, kw_only=True, eq=False)
class NumericProfile:
    """The values of each feature in the reference, sorted, (kept rows, features); `rows` counts what they stand for."""

    features: tuple[str, ...]
    values: Floats
    rows: int

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        names = np.frombuffer("\n".join(self.features).encode(), dtype=np.uint8)
        return {"features": names, "values": self.values, "rows": np.array([self.rows], dtype=np.int64)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> "NumericProfile":
        """The profile that `to_tensors` took apart. Raises KeyError or ValueError for tensors that do not fit."""
        features = tuple(tensors["features"].tobytes().decode().split("\n"))
        if tensors["values"].ndim != 2 or tensors["values"].shape[1] != len(features):
            raise ValueError("The numeric profile holds another number of features than of columns; export it again.")
        return cls(features=features, values=tensors["values"], rows=int(tensors["rows"][0]))


@dataclass(frozen=True, kw_only=True)
class FeatureReading:
    """The distance of one feature beside what it is without drift at this size."""

    feature: str
    raw: float
    expected: float
    alarm_at: float
    score: float

    @property
    def sentence(self) -> str:
        return (
            f"{self.feature}: distance {self.raw:.3f} against {self.expected:.3f} expected, "
            f"alarm at {self.alarm_at:.3f}"
        )


@dataclass(frozen=True, kw_only=True)
class NumericDriftReport:
    """Drift of numeric features; None where there are too few rows to tell. `readings` come the furthest first."""

    status: WindowStatus
    n_rows: int
    duplicate_rate: float | None
    threshold: float
    numeric_drift: float | None = None
    drift_detected: bool | None = None
    shifted: tuple[str, ...] = ()
    readings: tuple[FeatureReading, ...] = ()
    smallest_detectable_sd: float | None = None

    @property
    def recommendation(self) -> str:
        if self.status is WindowStatus.NO_DATA:
            return "Nothing to judge: no rows in the window."
        if self.numeric_drift is None:
            return f"Wait for more rows: {self.n_rows} are too few to tell drift from chance."
        if self.drift_detected:
            return (
                "Drift: look at what measures the shifted features, have recent rows labelled, retrain once enough are."
            )
        if self.status is WindowStatus.LOW_POWER:
            return "No drift seen, but the window is small: look again at 100 rows or more."
        return "No drift: nothing to do."

    @property
    def explanation(self) -> tuple[str, ...]:
        if self.numeric_drift is None:
            return (self.recommendation,)
        side = "above" if self.drift_detected else "not above"
        return (
            f"Numeric drift {self.numeric_drift:.2f} is {side} the threshold of {self.threshold:.2f}: "
            f"{self.readings[0].sentence}.",
            f"{len(self.shifted)} of {len(self.readings)} features shifted.",
            f"A window of this size detects a shift of {self.smallest_detectable_sd:.2f} standard deviations "
            "of one feature in nine cases of ten.",
        )

    def as_dict(self) -> dict[str, Any]:
        """The report with plain JSON values."""
        return asdict(self) | {
            "status": self.status.value,
            "shifted": list(self.shifted),
            "readings": [asdict(reading) for reading in self.readings],
            "recommendation": self.recommendation,
            "explanation": list(self.explanation),
        }


def build_numeric_profile(rows: Floats, features: Sequence[str]) -> NumericProfile:
    """The profile of reference rows (n, features). A missing value is a NaN.

    Raises ValueError without rows or where the columns are not the features.
    """
    if rows.ndim != 2 or len(rows) == 0 or rows.shape[1] != len(features):
        raise ValueError(f"A numeric profile needs rows of {len(features)} features; it got shape {rows.shape}.")
    ordered = sorted_columns(np.asarray(rows, dtype=np.float64))
    if len(ordered) > MOST_REFERENCE_ROWS:
        # The middles of equal slices, so that neither end is favoured.
        middles = (np.arange(MOST_REFERENCE_ROWS) + 0.5) / MOST_REFERENCE_ROWS
        ordered = ordered[(middles * len(ordered)).astype(np.int64)]
    return NumericProfile(features=tuple(features), values=np.ascontiguousarray(ordered), rows=len(rows))


def measure_numeric_drift(
    profile: NumericProfile, rows: Floats, *, threshold: float = ALARM_LINE, min_rows: int = MIN_ROWS
) -> NumericDriftReport:
    """How far each feature of `rows` (n, features) is from the reference; the furthest one gives the score.

    Kolmogorov-Smirnov with Bonferroni over the features. Raises ValueError where the columns are not the features.
    """
    if len(rows) and (rows.ndim != 2 or rows.shape[1] != len(profile.features)):
        raise ValueError(f"The profile has {len(profile.features)} features; the window has shape {rows.shape}.")
    if len(rows) < max(min_rows, 1):
        status = WindowStatus.INSUFFICIENT if len(rows) else WindowStatus.NO_DATA
        return NumericDriftReport(
            status=status, n_rows=len(rows), duplicate_rate=_duplicate_rate(rows), threshold=threshold
        )
    readings = _readings(profile, np.asarray(rows, dtype=np.float64), threshold)
    worst = readings[0].score
    return NumericDriftReport(
        status=WindowStatus.OK if len(rows) >= FULL_POWER_ROWS else WindowStatus.LOW_POWER,
        n_rows=len(rows),
        duplicate_rate=_duplicate_rate(rows),
        threshold=threshold,
        numeric_drift=worst,
        drift_detected=worst > threshold,
        shifted=tuple(reading.feature for reading in readings if reading.score > threshold),
        readings=readings,
        smallest_detectable_sd=_smallest_detectable_sd(profile, len(rows), threshold),
    )


def _readings(profile: NumericProfile, rows: Floats, threshold: float) -> tuple[FeatureReading, ...]:
    line = kolmogorov_line(len(rows), profile.rows, ALPHA / len(profile.features))
    raw = distances(sorted_columns(rows), profile.values)
    readings = [
        FeatureReading(
            feature=feature,
            raw=float(distance),
            expected=line.mean,
            alarm_at=line.at(z_of(threshold)),
            score=score_of(line.z(float(distance))),
        )
        for feature, distance in zip(profile.features, raw, strict=True)
    ]
    return tuple(sorted(readings, key=lambda reading: (-reading.raw, reading.feature)))


def _duplicate_rate(rows: Floats) -> float | None:
    return 1 - len({row.tobytes() for row in np.ascontiguousarray(rows)}) / len(rows) if len(rows) else None


def _smallest_detectable_sd(profile: NumericProfile, size: int, threshold: float) -> float:
    """The shift of one normal feature that nine windows of ten detect, in standard deviations."""
    line = kolmogorov_line(size, profile.rows, ALPHA / len(profile.features))
    needed = line.at(z_of(threshold)) + POWER_SDS * KOLMOGOROV_SD / sqrt(effective_size(size, profile.rows))
    # Two normal distributions that are d apart are 2 Phi(d / 2) - 1 apart by Kolmogorov's distance.
    return 2 * NormalDist().inv_cdf((1 + min(needed, 0.999)) / 2)
