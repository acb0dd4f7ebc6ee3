"""How long labels take to arrive. Pure: no clock, no files, no model calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from pipeline.records import LabelledPrediction

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class LabelDelay:
    """Hours from a prediction to its newest label; None without labels.

    `ahead` labels are stamped before their prediction, by a clock that disagrees; they count as no delay.
    """

    labels: int
    median_hours: float | None
    longest_hours: float | None
    ahead: int


def label_delay(predictions: Sequence[LabelledPrediction]) -> LabelDelay:
    hours = [
        (entry.labelled_at - entry.record.at).total_seconds() / SECONDS_PER_HOUR
        for entry in predictions
        if entry.labelled_at is not None
    ]
    waited = [max(0.0, value) for value in hours]
    return LabelDelay(
        labels=len(hours),
        median_hours=median(waited) if waited else None,
        longest_hours=max(waited, default=None),
        ahead=sum(value < 0 for value in hours),
    )
