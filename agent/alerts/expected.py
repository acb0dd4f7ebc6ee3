"""What the readings of a window would be without drift, in words, from its report. Pure: no clock, no files.

Only names and numbers are taken: what a report quotes of messages stays where it is.
"""

from collections.abc import Mapping
from typing import Any

from pipeline.monitoring.distances import Statistic
from pipeline.monitoring.drift_report import Reading, Sign
from pipeline.monitoring.numeric import FeatureReading

SHOWN = 3


def expected_sentences(report: Mapping[str, Any]) -> tuple[str, ...]:
    """The readings that lie furthest out, beside what is expected and where the alarm is; none of an odd report."""
    drift = report.get("drift") or {}
    try:
        texts = [_text(one) for one in (*drift.get("readings", ()), *drift.get("score_readings", ())) if "z" in one]
        features = [FeatureReading(**one) for one in drift.get("readings", ()) if "feature" in one]
    except (TypeError, ValueError, KeyError):
        return ()
    texts.sort(key=lambda one: -one.z)
    features.sort(key=lambda one: -one.score)
    said = [one.sentence for one in texts] + [one.sentence for one in features]
    return tuple(said[:SHOWN])


def _text(one: Mapping[str, Any]) -> Reading:
    name = one["statistic"]
    known = Statistic(name) if name in set(Statistic) else Sign(name)
    return Reading(**{**one, "statistic": known})
