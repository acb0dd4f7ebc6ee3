"""What a decision may rest on.

Pure: no clock, no files, no model calls. Evidence holds numbers, enums and ids only: text that a stranger wrote (a
message, a tag, a run's name, a note) has no field here, so it cannot reach the policy or the deciding model.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from agent.actions import Action
from pipeline.gate.rules import VerdictStatus
from pipeline.monitoring.accuracy import AccuracyMethod
from pipeline.monitoring.causes import Cause
from pipeline.monitoring.drift_report import DRIFT_SCORES
from pipeline.records import LATER, PromotionKind
from pipeline.releases.rollout import Strategy


class Strict:
    """Where pydantic reads evidence from outside, an unknown field or a NaN is an error, never ignored."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid", "allow_inf_nan": False}


class DataStatus(StrEnum):
    """Whether there is enough to judge on; `filling` is a scheduled window that is not full yet.

    Only the last two carry scores that mean anything.
    """

    NO_DATA = "no_data"
    TOO_FEW = "too_few"
    FILLING = "filling"
    STALE = "stale"
    LOW_POWER = "low_power"
    SUFFICIENT = "sufficient"

    @property
    def usable(self) -> bool:
        return self in (DataStatus.LOW_POWER, DataStatus.SUFFICIENT)


@dataclass(frozen=True, kw_only=True)
class ChampionEvidence(Strict):
    """What serves, how it came to serve, and how the champion before it did on its own traffic."""

    version: int | None = None
    generation: int = 0
    arrived_by: PromotionKind | None = None
    hours_since_promotion: float | None = None
    previous_version: int | None = None
    previous_p_below_floor: float | None = None


@dataclass(frozen=True, kw_only=True)
class PatternEvidence(Strict):
    """A new pattern in the window, without its words: its messages, their share, their growth."""

    count: int
    share: float
    lift: float


@dataclass(frozen=True, kw_only=True)
class WindowScores(Strict):
    """The scores of one window, or the largest of several; None is unknown, or not of this kind of model."""

    vocabulary_drift: float | None = None
    tfidf_drift: float | None = None
    numeric_drift: float | None = None
    spam_part_novelty: float | None = None

    @classmethod
    def among(cls, values: Mapping[str, Any]) -> "WindowScores":
        """Those that `values` has, such as the body of a report."""
        return cls(**{item.name: values.get(item.name) for item in fields(cls)})

    def drifted(self, line: float) -> bool:
        """Whether any drift score lies beyond the line; novelty is no drift."""
        return any((score := getattr(self, name)) is not None and score > line for name in DRIFT_SCORES)


@dataclass(frozen=True, kw_only=True)
class DriftEvidence(Strict):
    """The drift scores of the window looked at.

    Texts have vocabulary and TF-IDF drift, numeric features have numeric drift, all on one scale.
    `full_window` is the size that a scheduled window must reach; `scheduled_windows` and `scheduled_breaches` count
    the last three of them in this promotion generation. `score_shift` (class mix) and `spam_part_novelty` (new kinds of
    positive messages) are read from the answers: signals of their own, not drift. `causes` are the likely ones.
    `earlier_windows` are the scheduled ones just before this one, the newest first, at most two, in this generation;
    None for a look by hand, which stands alone.
    """

    status: DataStatus = DataStatus.NO_DATA
    vocabulary_drift: float | None = None
    tfidf_drift: float | None = None
    numeric_drift: float | None = None
    messages: int = 0
    unique_messages: int = 0
    full_window: int | None = None
    duplicate_rate: float | None = None
    hours_since_last_message: float | None = None
    new_patterns: tuple[PatternEvidence, ...] = ()
    scheduled_windows: int = 0
    scheduled_breaches: int = 0
    from_seq: int | None = None
    to_seq: int | None = None
    score_shift: float | None = field(default=None, metadata=LATER)
    spam_part_novelty: float | None = field(default=None, metadata=LATER)
    causes: tuple[Cause, ...] | None = field(default=None, metadata=LATER)
    earlier_windows: tuple[WindowScores, ...] | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, kw_only=True)
class AccuracyEvidence(Strict):
    """Accuracy from labels: the estimate with its interval, and P(accuracy < floor).

    `method` says whether the labels came by themselves or were chosen. `upper_estimate` is what the answers alone let
    expect, which is too high under drift: below the floor it is `suspicious`, above it says nothing.
    """

    status: DataStatus = DataStatus.NO_DATA
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    p_below_floor: float | None = None
    labelled: int = 0
    more_labels: int | None = None
    method: AccuracyMethod | None = field(default=None, metadata=LATER)
    upper_estimate: float | None = field(default=None, metadata=LATER)
    suspicious: bool | None = field(default=None, metadata=LATER)
    label_delay_hours: float | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, kw_only=True)
class TrainingEvidence(Strict):
    """What a retraining would have to learn from, and what retrainings have brought lately.

    An attempt is a retraining that this agent started; `fruitless_in_a_row` of them ended without a
    version that the gate let through.
    """

    hours_since_training: float | None = None
    new_labels: int | None = None
    hours_since_attempt: float | None = None
    attempts_last_day: int = 0
    fruitless_in_a_row: int = 0
    hours_since_refusal: float | None = None
    # For a model with a calendar: hours since its first time after the last training, negative while that lies ahead.
    calendar_overdue_hours: float | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, kw_only=True)
class ChallengerEvidence(Strict):
    """The newest version, if it is not the champion: its newest verdict, and the champion it was judged against.

    `taken_back`: since that verdict a rollout of it failed its guards or was cancelled.
    """

    version: int
    verdict_id: str | None = None
    verdict: VerdictStatus | None = None
    verdict_age_hours: float | None = None
    judged_against: int | None = None
    refused_by_person: bool = False
    served_before: bool = False
    taken_back: bool | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, kw_only=True)
class RolloutEvidence(Strict):
    """A rollout that runs: the version that is tried, in which stage of how many, and since when."""

    version: int
    strategy: Strategy
    stage: int
    stages: int
    hours_since_begun: float


@dataclass(frozen=True, kw_only=True)
class HistoryEvidence(Strict):
    """What the ledger says about the recent past of this model.

    `incident_id` is the decision that saw the present trouble first; None when there was none before this look.
    `answered_drift` are the largest scores that retrainings of this champion's time were made for and that ended
    without a version that the gate let through, and after which new labels cleared the model: more of the same has
    nothing new to teach.
    """

    unresolved_breach_hours: float | None = None
    deferrals_in_a_row: int = 0
    waiting_for_approval: tuple[Action, ...] = ()
    incident_id: str | None = field(default=None, metadata=LATER)
    answered_drift: WindowScores | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, kw_only=True)
class Evidence(Strict):
    """All that a decision may rest on. Ages are hours before `at`."""

    model: str
    at: datetime | None = None
    champion: ChampionEvidence = field(default_factory=ChampionEvidence)
    drift: DriftEvidence = field(default_factory=DriftEvidence)
    accuracy: AccuracyEvidence = field(default_factory=AccuracyEvidence)
    training: TrainingEvidence = field(default_factory=TrainingEvidence)
    challenger: ChallengerEvidence | None = None
    history: HistoryEvidence = field(default_factory=HistoryEvidence)
    rollout: RolloutEvidence | None = field(default=None, metadata=LATER)
