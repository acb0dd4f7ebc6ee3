"""What the answers of the model say about a window: a shifted mix of classes, and new kinds of positive messages.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.monitoring.drift_report import Reading, Sign
from pipeline.monitoring.form import forms
from pipeline.monitoring.held_out import Answered, HeldOut, of_class
from pipeline.monitoring.numeric import measure_numeric_drift
from pipeline.monitoring.profile import Profile
from pipeline.monitoring.scale import POWER_SDS, score_of, z_of
from pipeline.monitoring.two_samples import (
    Line,
    distances,
    effective_size,
    kolmogorov_line,
    rank_sum,
    rate_z,
)

# Chance crosses each line in three of a thousand windows, so that these signs hardly add to the false alarms of the
# word scores; what they are for lies far beyond the line at any size.
ALPHA = 0.003
# Standard normal quantiles of that share, one-sided and two-sided, and the mean of |z|.
ONE_SIDED, TWO_SIDED, HALF_NORMAL_MEAN = 2.7478, 2.9677, 0.7979
# Novelty of fewer positive messages than this says nothing.
MIN_POSITIVES = 3


@dataclass(frozen=True, kw_only=True)
class ScoreSigns:
    """None where too few messages were called positive, or too few held-out ones.

    `form_shift` is above 0.15 when the texts of the usual class changed their form: a hint at the cause, no alarm.
    """

    score_shift: float
    spam_part_novelty: float | None
    form_shift: float | None
    readings: tuple[Reading, ...]
    smallest_detectable_rate_change: float


def score_signs(profile: Profile, texts: Sequence[str], answers: Sequence[Answered], threshold: float) -> ScoreSigns:
    """The signs of de-duplicated texts, one or more, and their answers. The profile must hold held-out answers."""
    held_out = profile.held_out
    assert held_out is not None, "checked by the caller"
    shift = [_score_reading(held_out, answers, threshold), _rate_reading(held_out, answers, threshold)]
    novelty = _novelty_reading(profile, held_out, of_class(texts, answers, 1), threshold)
    return ScoreSigns(
        score_shift=score_of(max(reading.z for reading in shift)),
        spam_part_novelty=score_of(novelty.z) if novelty else None,
        form_shift=_form_shift(held_out, of_class(texts, answers, held_out.form_class)),
        readings=(*shift, novelty) if novelty else tuple(shift),
        smallest_detectable_rate_change=_smallest_rate_change(held_out, len(texts), threshold),
    )


def _score_reading(held_out: HeldOut, answers: Sequence[Answered], threshold: float) -> Reading:
    scores = np.sort(np.array([answer.score for answer in answers]))
    raw = float(distances(scores[:, None], held_out.scores[:, None])[0])
    return _reading(Sign.SCORES, raw, kolmogorov_line(len(scores), held_out.rows, ALPHA), threshold, len(scores))


def _rate_reading(held_out: HeldOut, answers: Sequence[Answered], threshold: float) -> Reading:
    size, expected = len(answers), held_out.positive_rate
    raw = sum(answer.prediction for answer in answers) / size
    z = rate_z(raw, size, expected, held_out.rows)
    error = (raw - expected) / z if z else 0.0
    line = Line(mean=HALF_NORMAL_MEAN, width=TWO_SIDED - HALF_NORMAL_MEAN)
    side = 1.0 if raw >= expected else -1.0
    return Reading(
        statistic=Sign.POSITIVE_RATE,
        raw=raw,
        expected=expected,
        alarm_at=float(np.clip(expected + side * line.at(z_of(threshold)) * error, 0.0, 1.0)),
        z=line.z(abs(z)),
        size=size,
    )


def _novelty_reading(profile: Profile, held_out: HeldOut, positives: Sequence[str], threshold: float) -> Reading | None:
    if min(len(positives), len(held_out.novelty)) < MIN_POSITIVES or profile.neighbours is None:
        return None
    raw, error = rank_sum(profile.neighbours.novelty(positives, profile.term_index), held_out.novelty)
    return _reading(Sign.POSITIVE_NOVELTY, raw, Line(mean=0.5, width=ONE_SIDED * error), threshold, len(positives))


def _reading(sign: Sign, raw: float, line: Line, threshold: float, size: int) -> Reading:
    at = float(line.at(z_of(threshold)))
    return Reading(statistic=sign, raw=raw, expected=line.mean, alarm_at=at, z=line.z(raw), size=size)


def _form_shift(held_out: HeldOut, texts: Sequence[str]) -> float | None:
    return measure_numeric_drift(held_out.form, forms(texts)).numeric_drift if texts else None


def _smallest_rate_change(held_out: HeldOut, size: int, threshold: float) -> float:
    """The rise of the share of positive messages that nine windows of ten of this size detect."""
    rate = min(max(held_out.positive_rate, 1 / held_out.rows), 0.5)
    needed = HALF_NORMAL_MEAN + z_of(threshold) * (TWO_SIDED - HALF_NORMAL_MEAN) + POWER_SDS
    change = needed * float(np.sqrt(rate * (1 - rate) / effective_size(size, held_out.rows)))
    return min(change, 1 - rate)
