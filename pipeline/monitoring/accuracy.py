"""What labels say about accuracy: interval, P(below the floor), standing; by Wilson for labels that came by themselves.

Pure: no clock, no files, no model calls.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from math import exp, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import Any

INTERVAL_CONFIDENCE = 0.98
# Fewer labels than this decide nothing, whatever they say.
MIN_LABELS = 20
LABEL_BATCH = 20
MOST_LABELS_TO_ASK = 5_000
# Jeffreys' prior of a proportion: Beta(1/2, 1/2).
PRIOR = 0.5


class AccuracyStatus(StrEnum):
    OK = "ok"
    TOO_FEW = "too_few"
    NO_DATA = "no_data"


class Standing(StrEnum):
    """On which side of the floor the accuracy lies, as far as the labels can tell."""

    BELOW = "below"
    CLEAR = "clear"
    UNDECIDED = "undecided"


class AccuracyMethod(StrEnum):
    """Whether the labels came by themselves (Wilson, Jeffreys) or were chosen by strata (posterior of the window)."""

    ARRIVED = "arrived"
    CHOSEN = "chosen"


@dataclass(frozen=True, kw_only=True)
class AccuracyReport:
    """Accuracy from `labelled` labels of which `correct` agree with the prediction; None where there is no label.

    `low` and `high` bound a 98% interval. `more_labels` would decide if the accuracy seen so far holds;
    0 when it is decided. `upper_estimate` is what the answers alone let expect, without labels: under drift it is too
    high, so below the floor it makes the model `suspicious`, and above the floor it says nothing.
    """

    status: AccuracyStatus
    correct: int
    labelled: int
    estimate: float | None
    low: float | None
    high: float | None
    floor: float
    confidence: float
    p_below_floor: float | None
    standing: Standing
    more_labels: int
    method: AccuracyMethod = AccuracyMethod.ARRIVED
    upper_estimate: float | None = None
    suspicious: bool | None = None
    label_delay_hours: float | None = None

    @property
    def explanation(self) -> tuple[str, ...]:
        return tuple(_explanation(self))

    def as_dict(self) -> dict[str, Any]:
        """The report with plain JSON values."""
        return asdict(self) | {
            "status": self.status.value,
            "standing": self.standing.value,
            "method": self.method.value,
            "explanation": list(self.explanation),
        }


def judge_accuracy(correct: int, labelled: int, *, floor: float, confidence: float) -> AccuracyReport:
    """`below` when P(accuracy < floor) reaches `confidence`, `clear` when it falls to one minus that, else undecided.

    Raises ValueError for counts that cannot be, a floor outside (0, 1) or a confidence outside (0.5, 1).
    """
    _check(correct, labelled, floor, confidence)
    status = AccuracyStatus.OK if labelled >= MIN_LABELS else AccuracyStatus.TOO_FEW
    low, high = wilson(correct, labelled) if labelled else (None, None)
    standing = _standing(correct, labelled, floor, confidence)
    return AccuracyReport(
        status=status if labelled else AccuracyStatus.NO_DATA,
        correct=correct,
        labelled=labelled,
        estimate=correct / labelled if labelled else None,
        low=low,
        high=high,
        floor=floor,
        confidence=confidence,
        p_below_floor=p_below(correct, labelled, floor) if labelled else None,
        standing=standing,
        more_labels=_more_labels(correct, labelled, floor, confidence) if standing is Standing.UNDECIDED else 0,
    )


def _check(correct: int, labelled: int, floor: float, confidence: float) -> None:
    if not 0 <= correct <= labelled:
        raise ValueError(f"{correct} correct labels of {labelled} cannot be; count only labelled predictions.")
    if not 0 < floor < 1 or not 0.5 < confidence < 1:
        raise ValueError(f"The accuracy floor {floor} must lie in (0, 1) and the confidence {confidence} in (0.5, 1).")


def _standing(correct: int, labelled: int, floor: float, confidence: float) -> Standing:
    if labelled < MIN_LABELS:
        return Standing.UNDECIDED
    return standing_of(p_below(correct, labelled, floor), confidence)


def standing_of(p_below_floor: float, confidence: float) -> Standing:
    """Which side P(accuracy < floor) speaks for, if it is sure enough of either."""
    if p_below_floor >= confidence:
        return Standing.BELOW
    return Standing.CLEAR if p_below_floor <= 1 - confidence else Standing.UNDECIDED


def _more_labels(correct: int, labelled: int, floor: float, confidence: float) -> int:
    """How many more labels decide if the accuracy seen so far holds, in batches; one batch before the first label."""
    if not labelled:
        return LABEL_BATCH
    for more in range(LABEL_BATCH, MOST_LABELS_TO_ASK, LABEL_BATCH):
        total = labelled + more
        if _standing(round(correct / labelled * total), total, floor, confidence) is not Standing.UNDECIDED:
            return more
    return MOST_LABELS_TO_ASK


def wilson(correct: int, n: int, confidence: float = INTERVAL_CONFIDENCE) -> tuple[float, float]:
    """The score interval of a proportion (Wilson, JASA 22 (1927), 209); n must be positive."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, shrink = correct / n, 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / shrink
    half = z / shrink * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def p_below(correct: int, n: int, floor: float) -> float:
    """P(accuracy < floor) after `correct` of `n` labels agreed, with Jeffreys' prior."""
    return beta_cdf(floor, correct + PRIOR, n - correct + PRIOR)


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by the continued fraction of DLMF 8.17.22."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast only below the mean
        return 1 - beta_cdf(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return min(1.0, front * _beta_fraction(x, a, b))


def _beta_fraction(x: float, a: float, b: float) -> float:
    """1 / (1 + d1 / (1 + d2 / ...)), evaluated forwards by Lentz's method (Applied Optics 15 (1976), 668)."""
    value, c, d = 1.0, 1.0, 0.0
    for step in range(1, 1000):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _not_zero(1 + term * d)
        c = _not_zero(1 + term / c)
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return 1 / value


def _not_zero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300


def _explanation(report: AccuracyReport) -> list[str]:
    return [*_label_sentences(report), *_upper_sentences(report)]


def _label_sentences(report: AccuracyReport) -> list[str]:
    if report.estimate is None or report.p_below_floor is None:
        return ["No labels yet: accuracy is not known."]
    chosen = " chosen by risk" if report.method is AccuracyMethod.CHOSEN else ""
    said = [
        f"Accuracy {report.estimate:.1%} on {report.labelled} labels{chosen} "
        f"(98% interval {report.low:.1%} to {report.high:.1%}), floor {report.floor:.1%}."
    ]
    if report.status is AccuracyStatus.TOO_FEW:
        return [*said, f"Fewer than {MIN_LABELS} labels decide nothing; {report.more_labels} more are asked for."]
    chance = f"The probability that the accuracy is below the floor is {report.p_below_floor:.1%}"
    if report.standing is Standing.BELOW:
        return [*said, f"{chance}, at least {report.confidence:.1%}: it is below."]
    if report.standing is Standing.CLEAR:
        return [*said, f"{chance}, at most {1 - report.confidence:.1%}: it is not below."]
    return [*said, f"{chance}: undecided; about {report.more_labels} more labels would decide it."]


def _upper_sentences(report: AccuracyReport) -> list[str]:
    if report.upper_estimate is None:
        return []
    said = f"Without labels the answers let expect {report.upper_estimate:.1%} at best"
    if report.suspicious:
        return [f"{said}, below the floor: suspicious, have messages labelled."]
    return [f"{said}; that clears nothing, labels decide."]
