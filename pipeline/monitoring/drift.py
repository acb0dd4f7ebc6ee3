"""The drift scores of a window of messages, on a scale whose alarm line is 0.15 at every size.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.monitoring.causes import Signs, likely_causes
from pipeline.monitoring.distances import Floats, Statistic, bags_of, raw_statistics
from pipeline.monitoring.drift_report import FULL_POWER_ROWS, MIN_ROWS, DriftReport, Reading, WindowStatus
from pipeline.monitoring.emergence import NewPattern, new_patterns
from pipeline.monitoring.held_out import Answered
from pipeline.monitoring.null_line import NullLine
from pipeline.monitoring.profile import Profile
from pipeline.monitoring.scale import ALARM_LINE, score_of
from pipeline.monitoring.score_signs import score_signs
from pipeline.monitoring.style import style_statistics, written
from pipeline.monitoring.tokens import unique_texts

__all__ = ["DriftReport", "NewPattern", "Reading", "WindowStatus", "measure_drift"]


def measure_drift(
    profile: Profile,
    texts: Sequence[str],
    *,
    answers: Sequence[Answered] | None = None,
    threshold: float = ALARM_LINE,
    min_rows: int = MIN_ROWS,
) -> DriftReport:
    """How far `texts` are from the training texts of `profile`; any score above `threshold` is drift.

    `answers` are those of the version that the profile belongs to, one a text; without them, or where the profile holds
    no held-out answers, only words are looked at. Repeats are set aside first; the order does not matter. Raises
    ValueError for a threshold outside (0, 1) and for another number of answers than of texts.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"A drift threshold lies between 0 and 1; {threshold} does not. The usual one is 0.15.")
    if answers is not None and len(answers) != len(texts):
        raise ValueError(f"{len(answers)} answers were given for {len(texts)} texts; give one for each or none.")
    unique = unique_texts(texts)
    counts: dict[str, Any] = {
        "n_messages": len(texts),
        "n_unique": len(unique),
        "duplicate_rate": 1 - len(unique) / len(texts) if texts else None,
        "threshold": threshold,
        "min_rows": min_rows,
        "reference_texts": profile.texts,
    }
    if len(unique) < max(min_rows, 1) or len(profile.null_sizes) == 0:
        return DriftReport(status=WindowStatus.INSUFFICIENT if texts else WindowStatus.NO_DATA, **counts)
    report = _of_words(profile, unique, threshold, counts)
    if answers is not None and profile.held_out is not None:
        by_text = dict(zip(texts, answers, strict=True))
        report = _with_answers(report, profile, unique, [by_text[text] for text in unique])
    return _with_causes(report)


def read_in_parts(profile: Profile, size: int, statistics: Callable[[slice], Floats]) -> tuple[NullLine, Floats]:
    """The null line of a window of `size` texts and its raw statistics (6,), given those of the slices of the window.

    A window larger than the null knows is looked at in parts of a size that it knows: distances shrink with the size,
    and a large window would look calmer than it is beside the line of a smaller one.
    """
    parts = max(1, round(size / int(profile.null_sizes[-1])))
    raw = np.mean([statistics(slice(part, None, parts)) for part in range(parts)], axis=0)
    return NullLine.at(profile, round(size / parts)), raw


def _of_words(profile: Profile, unique: Sequence[str], threshold: float, counts: dict[str, Any]) -> DriftReport:
    line, raw = read_in_parts(profile, len(unique), lambda part: window_statistics(profile, unique[part]))
    vocabulary, tfidf, length = line.scores(raw)
    return DriftReport(
        status=WindowStatus.OK if len(unique) >= FULL_POWER_ROWS else WindowStatus.LOW_POWER,
        **counts,
        vocabulary_drift=vocabulary,
        tfidf_drift=tfidf,
        length_drift=length,
        drift_detected=max(vocabulary, tfidf, length) > threshold,
        readings=_readings(profile, line, raw, threshold),
        new_patterns=new_patterns(profile.pattern_index, profile.texts, unique),
        smallest_detectable_share=line.smallest_detectable_share(threshold),
    )


def _with_answers(
    report: DriftReport, profile: Profile, unique: Sequence[str], answers: Sequence[Answered]
) -> DriftReport:
    signs = score_signs(profile, unique, answers, report.threshold)
    fired = max(signs.score_shift, signs.spam_part_novelty or 0.0) > report.threshold
    return replace(
        report,
        score_shift=signs.score_shift,
        spam_part_novelty=signs.spam_part_novelty,
        form_shift=signs.form_shift,
        score_readings=signs.readings,
        smallest_detectable_rate_change=signs.smallest_detectable_rate_change,
        drift_detected=report.drift_detected or fired,
    )


def _with_causes(report: DriftReport) -> DriftReport:
    if not report.drift_detected:
        return report
    signs = Signs(
        words=score_of(report.readings[0].z),
        campaign=report.spam_part_novelty,
        mix=report.score_shift,
        form=max(report.form_shift or 0.0, report.length_drift or 0.0),
        patterns_share=max((pattern.share for pattern in report.new_patterns), default=0.0),
    )
    return replace(report, causes=likely_causes(signs, report.threshold))


def window_statistics(profile: Profile, unique: Sequence[str]) -> Floats:
    """The raw statistics (6,) of de-duplicated texts, in the order of `Statistic`."""
    bags, terms = bags_of(unique, profile.term_index)
    style = style_statistics(written(unique, profile.common_index).style(), profile.style)
    return np.concatenate([raw_statistics(bags, profile.reference.extended(terms)), style])


def _readings(profile: Profile, line: NullLine, raw: Floats, threshold: float) -> tuple[Reading, ...]:
    z = line.z(raw)
    shown, expected, alarm = (
        _with_plain_share(values, profile) for values in (raw, line.mean, line.alarm_at(threshold))
    )
    return tuple(
        Reading(
            statistic=statistic,
            raw=float(shown[place]),
            expected=float(expected[place]),
            alarm_at=float(alarm[place]),
            z=float(z[place]),
            size=line.size,
        )
        for place, statistic in enumerate(Statistic)
    )


def _with_plain_share(values: Floats, profile: Profile) -> Floats:
    """The values (6,) with the first turned from the Good-Turing scale back into a share of unseen words."""
    expected = profile.unseen_expected
    return np.concatenate([[expected + values[0] * (1 - expected)], values[1:]])
