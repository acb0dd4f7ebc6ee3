"""What a drift check reports, and how it says so in plain sentences. Pure: no clock, no files, no model calls."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from pipeline.monitoring.causes import Cause, cause_sentence
from pipeline.monitoring.distances import Statistic
from pipeline.monitoring.emergence import NewPattern
from pipeline.monitoring.null_table import SCORE_PARTS

# The scores that are held to the drift threshold, on one scale; a model has those of its kind of input.
DRIFT_SCORES = ("vocabulary_drift", "tfidf_drift", "numeric_drift")
# Fewer different rows than MIN_ROWS say nothing; fewer than FULL_POWER_ROWS can only show large shifts.
MIN_ROWS, FULL_POWER_ROWS = 30, 100


class WindowStatus(StrEnum):
    """How much a window can say: `low_power` below 100 different messages, `insufficient` below the minimum."""

    OK = "ok"
    LOW_POWER = "low_power"
    INSUFFICIENT = "insufficient"
    NO_DATA = "no_data"


class Sign(StrEnum):
    """What is read from the answers of the model rather than from the words."""

    SCORES = "scores_ks"
    POSITIVE_RATE = "positive_rate"
    POSITIVE_NOVELTY = "positive_novelty"


NAMES: dict[Statistic | Sign, str] = {
    Statistic.OOV_GT: "share of unseen words",
    Statistic.JS_VOCAB: "distance of word counts",
    Statistic.TFIDF_JS: "distance of TF-IDF weights",
    Statistic.TFIDF_COS_U: "dissimilarity of TF-IDF vectors",
    Statistic.COMMON_WORDS: "distance of the shares of messages with the most telling common words",
    Statistic.LENGTH: "distance of message lengths",
    Sign.SCORES: "distance of model scores",
    Sign.POSITIVE_RATE: "share of messages called positive",
    Sign.POSITIVE_NOVELTY: "chance that a positive message is newer than a held-out one",
}
SHARES = frozenset({Statistic.OOV_GT, Sign.POSITIVE_RATE, Sign.POSITIVE_NOVELTY})


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One raw statistic beside what it is without drift at `size` messages; `z` is 1 at the alarm line of 0.15.

    `alarm_at` is the raw value where the score meets the model's threshold. `oov_gt` is given as the plain share of
    unseen words.
    """

    statistic: Statistic | Sign
    raw: float
    expected: float
    alarm_at: float
    z: float
    size: int

    @property
    def sentence(self) -> str:
        def write(value: float) -> str:
            return f"{value:.1%}" if self.statistic in SHARES else f"{value:.3f}"

        return (
            f"{NAMES[self.statistic]} {write(self.raw)} against {write(self.expected)} expected"
            f" at {self.size} messages, alarm at {write(self.alarm_at)}"
        )


@dataclass(frozen=True, kw_only=True)
class DriftReport:
    """The drift scores of a window; None where there is too little to tell, which is neither drift nor its absence.

    `readings` follow the order of `Statistic`; `score_readings` are of the model's answers. `smallest_detectable_share`
    is the part of fully foreign messages that a window of this size detects in nine cases of ten,
    `smallest_detectable_rate_change` the rise of the share of positive ones. `score_shift`, `spam_part_novelty` and
    `form_shift` are None where the answers are not known or the version has no held-out ones.
    """

    status: WindowStatus
    n_messages: int
    n_unique: int
    duplicate_rate: float | None
    threshold: float
    min_rows: int
    reference_texts: int
    vocabulary_drift: float | None = None
    tfidf_drift: float | None = None
    length_drift: float | None = None
    drift_detected: bool | None = None
    readings: tuple[Reading, ...] = ()
    new_patterns: tuple[NewPattern, ...] = ()
    smallest_detectable_share: float | None = None
    score_shift: float | None = None
    spam_part_novelty: float | None = None
    form_shift: float | None = None
    score_readings: tuple[Reading, ...] = ()
    smallest_detectable_rate_change: float | None = None
    causes: tuple[Cause, ...] = ()

    @property
    def recommendation(self) -> str:
        return _recommendation(self)

    @property
    def explanation(self) -> tuple[str, ...]:
        return tuple(_explanation(self))

    def as_dict(self) -> dict[str, Any]:
        """The report with plain JSON values."""
        return asdict(self) | {
            "status": self.status.value,
            "readings": [_reading_dict(reading) for reading in self.readings],
            "score_readings": [_reading_dict(reading) for reading in self.score_readings],
            "causes": [cause.value for cause in self.causes],
            "new_patterns": [pattern.as_dict() for pattern in self.new_patterns],
            "recommendation": self.recommendation,
            "explanation": list(self.explanation),
        }


# A class mix calls for other measures than messages of a new kind.
RECOMMENDATIONS: dict[tuple[Cause, ...], str] = {
    (Cause.CLASS_MIX,): "Class mix: label a sample and check the accuracy; retrain only if it has suffered.",
    (Cause.FORMAT_CHANGE,): "Format change: look at what sends the messages before retraining on them.",
}


def _reading_dict(reading: Reading) -> dict[str, Any]:
    return asdict(reading) | {"statistic": reading.statistic.value}


def _recommendation(report: DriftReport) -> str:
    if report.status is WindowStatus.NO_DATA:
        return "Nothing to judge: no messages in the window."
    if report.drift_detected is None:
        return _what_is_missing(report)
    if report.drift_detected:
        return RECOMMENDATIONS.get(
            report.causes, "Drift: have recent messages labelled, retrain once enough of them are."
        )
    if report.status is WindowStatus.LOW_POWER:
        return "No drift seen, but the window is small: look again at 100 different messages or more."
    return "No drift: nothing to do."


def _what_is_missing(report: DriftReport) -> str:
    if report.n_unique < report.min_rows:
        return (
            f"Wait for more messages: {report.n_unique} different ones are too few to tell drift from chance, "
            f"{report.min_rows} are needed."
        )
    return (
        f"Train on more texts: {report.reference_texts} different ones are too few to know "
        "what a window looks like without drift."
    )


def _explanation(report: DriftReport) -> list[str]:
    if report.drift_detected is None:
        return [_recommendation(report)]
    return [
        f"{report.n_messages} messages, {report.n_unique} of them different ({report.duplicate_rate:.1%} repeats).",
        _score_sentence("Vocabulary drift", report.vocabulary_drift, report.threshold, _readings_of(report, 0)),
        _score_sentence("TF-IDF drift", report.tfidf_drift, report.threshold, _readings_of(report, 1)),
        _score_sentence("Length drift", report.length_drift, report.threshold, _readings_of(report, 2)),
        *_answer_sentences(report),
        *([cause_sentence(report.causes)] if report.drift_detected else []),
        f"A window of this size detects {report.smallest_detectable_share:.0%} of wholly new messages "
        f"{_rate_words(report)}in nine cases of ten.",
        *_pattern_sentences(report.new_patterns),
    ]


def _readings_of(report: DriftReport, score: int) -> tuple[Reading, ...]:
    return tuple(report.readings[place] for place in SCORE_PARTS[score])


def _answer_sentences(report: DriftReport) -> list[str]:
    if report.score_shift is None:
        return ["The model's answers were not compared, so a changed class mix would not be seen."]
    shift = _score_sentence("Score shift", report.score_shift, report.threshold, report.score_readings[:2])
    if report.spam_part_novelty is None:
        return [shift, "Too few messages were called positive to say whether these are new."]
    novelty = _score_sentence(
        "Novelty of the positive part", report.spam_part_novelty, report.threshold, report.score_readings[2:]
    )
    return [shift, novelty]


def _rate_words(report: DriftReport) -> str:
    change = report.smallest_detectable_rate_change
    return "" if change is None else f"or {100 * change:.0f} points more positive ones "


def _score_sentence(name: str, score: float | None, threshold: float, readings: tuple[Reading, ...]) -> str:
    if score is None:
        return f"{name} is not known."
    side = "above" if score > threshold else "not above"
    leading = max(readings, key=lambda reading: reading.z)
    return f"{name} {score:.2f} is {side} the threshold of {threshold:.2f}: {leading.sentence}."


def _pattern_sentences(patterns: tuple[NewPattern, ...]) -> list[str]:
    # Numbers alone: the terms come out of messages, and these sentences are read where decisions are made.
    if not patterns:
        return []
    most = max(patterns, key=lambda pattern: pattern.count)
    plural = "patterns" if len(patterns) > 1 else "pattern"
    return [
        f"{len(patterns)} new {plural}; the most frequent is in {most.count} messages ({most.share:.1%}), "
        f"{most.lift:.0f} times its share in training."
    ]
