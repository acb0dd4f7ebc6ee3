"""The accuracy of one window: by strata from labels that were chosen, by Wilson from those that came by themselves.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.monitoring.accuracy import (
    INTERVAL_CONFIDENCE,
    LABEL_BATCH,
    MIN_LABELS,
    AccuracyMethod,
    AccuracyReport,
    AccuracyStatus,
    Standing,
    judge_accuracy,
    standing_of,
)
from pipeline.monitoring.delay import label_delay
from pipeline.monitoring.distances import Floats, Ints
from pipeline.monitoring.posterior import Stratum, posterior, with_more_labels
from pipeline.monitoring.profile import Profile
from pipeline.monitoring.risk import p_correct
from pipeline.monitoring.strata import LABEL_SHARES, queue_order, strata_of
from pipeline.records import LabelledPrediction

# Labels of this source were asked for in the order of the label queue; all others came by themselves.
QUEUE_SOURCE = "queue"
LABEL_UNKNOWN = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Risks:
    """A window by risk; arrays are (messages,). `label` is LABEL_UNKNOWN where there is none.

    `chosen` marks labels that were drawn from the queue. A message that repeats a labelled one is known as well.
    """

    ids: tuple[str, ...]
    p_correct: Floats
    strata: Ints
    prediction: Ints
    label: Ints
    chosen: NDArray[np.bool_]

    @property
    def known(self) -> NDArray[np.bool_]:
        mask: NDArray[np.bool_] = self.label != LABEL_UNKNOWN
        return mask

    @property
    def correct(self) -> NDArray[np.bool_]:
        mask: NDArray[np.bool_] = self.label == self.prediction
        return mask

    @property
    def chosen_by_stratum(self) -> Ints:
        return np.bincount(self.strata[self.chosen], minlength=len(LABEL_SHARES))


def risks_of(profile: Profile | None, predictions: Sequence[LabelledPrediction]) -> Risks:
    """The window by risk. Without held-out answers in the profile the confidence of the model has to do."""
    records = [entry.record for entry in predictions]
    given = {entry.record.input: entry.label for entry in predictions if entry.label is not None}
    scores = np.array([record.score for record in records], dtype=np.float64)
    classes = np.array([record.prediction for record in records], dtype=np.int64)
    ids = tuple(record.prediction_id for record in records)
    held_out = profile.held_out if profile else None
    right = p_correct(held_out.risk, scores, classes) if held_out else np.maximum(scores, 1 - scores)
    own = [given.get(entry.record.input) if entry.label is None else entry.label for entry in predictions]
    return Risks(
        ids=ids,
        p_correct=right,
        strata=strata_of(right, ids),
        prediction=classes,
        label=np.array([LABEL_UNKNOWN if label is None else label for label in own], dtype=np.int64),
        chosen=np.array(
            [entry.label is not None and entry.label_source == QUEUE_SOURCE for entry in predictions], dtype=np.bool_
        ),
    )


def labelling_order(risks: Risks) -> list[int]:
    """The places of the messages worth labelling, the next one first."""
    return queue_order(risks.strata, risks.ids, risks.known, risks.chosen_by_stratum)


def judge_window(
    profile: Profile | None, predictions: Sequence[LabelledPrediction], *, floor: float, confidence: float
) -> AccuracyReport:
    """The accuracy of the answers of a window.

    Chosen labels judge by strata as soon as there are MIN_LABELS of them, or when too few others came. They lean to the
    riskiest answers, so they are left out where labels that came by themselves are judged.
    """
    if not predictions:
        return judge_accuracy(0, 0, floor=floor, confidence=confidence)
    risks = risks_of(profile, predictions)
    arrived = [entry for entry, chosen in zip(predictions, risks.chosen, strict=True) if not chosen]
    labelled = [entry for entry in arrived if entry.label is not None]
    if risks.chosen.sum() >= MIN_LABELS or (risks.chosen.any() and len(labelled) < MIN_LABELS):
        report = _judge_by_strata(risks, floor, confidence)
    else:
        correct = sum(entry.label == entry.record.prediction for entry in labelled)
        report = judge_accuracy(correct, len(labelled), floor=floor, confidence=confidence)
    upper = float(risks.p_correct.mean())
    delay = label_delay(predictions)
    return replace(report, upper_estimate=upper, suspicious=upper < floor, label_delay_hours=delay.median_hours)


def _judge_by_strata(risks: Risks, floor: float, confidence: float) -> AccuracyReport:
    strata = _counted(risks)
    found = posterior(strata)
    low, high = found.interval(INTERVAL_CONFIDENCE)
    enough = int(risks.chosen.sum()) >= MIN_LABELS
    p = found.below(floor)
    standing = standing_of(p, confidence) if enough else Standing.UNDECIDED
    return AccuracyReport(
        method=AccuracyMethod.CHOSEN,
        status=AccuracyStatus.OK if enough else AccuracyStatus.TOO_FEW,
        correct=int(risks.correct[risks.known].sum()),
        labelled=int(risks.known.sum()),
        estimate=found.mean,
        low=low,
        high=high,
        floor=floor,
        confidence=confidence,
        p_below_floor=p,
        standing=standing,
        more_labels=_more_labels(risks, strata, floor, confidence) if standing is Standing.UNDECIDED else 0,
    )


def _counted(risks: Risks) -> list[Stratum]:
    return [_stratum(risks, risks.strata == stratum) for stratum in range(len(LABEL_SHARES))]


def _stratum(risks: Risks, inside: NDArray[np.bool_]) -> Stratum:
    chosen, known = inside & risks.chosen, inside & risks.known & ~risks.chosen
    return Stratum(
        messages=int(inside.sum()),
        expected=float(risks.p_correct[inside].mean()) if inside.any() else 1.0,
        labelled=int(chosen.sum()),
        correct=int((chosen & risks.correct).sum()),
        known=int(known.sum()),
        known_correct=int((known & risks.correct).sum()),
    )


def _more_labels(risks: Risks, strata: Sequence[Stratum], floor: float, confidence: float) -> int:
    """How many more labels from the queue decide if the accuracies seen so far hold, in batches."""
    order = labelling_order(risks)
    for more in range(LABEL_BATCH, len(order) + LABEL_BATCH, LABEL_BATCH):
        asked = risks.strata[order[:more]]
        counts = np.bincount(asked, minlength=len(strata)).tolist()
        then = posterior(with_more_labels(strata, counts))
        if len(asked) < more or standing_of(then.below(floor), confidence) is not Standing.UNDECIDED:
            return more
    return LABEL_BATCH
