"""What the evidence says against the policy's lines. Pure: no clock, no files, no model calls.

Every reading is true, false or None; None means that the evidence cannot tell, which is neither a breach nor an
all-clear.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from agent.actions import Actions
from agent.decision import PolicyRules, Trigger
from agent.evidence import AccuracyEvidence, DriftEvidence, Evidence, TrainingEvidence, WindowScores
from pipeline.durations import HOURS_PER_DAY
from pipeline.gate.rules import VerdictStatus
from pipeline.monitoring.drift_report import DRIFT_SCORES
from pipeline.monitoring.looks import CONFIRMED_BY, clearly_beyond, distance
from pipeline.records import PromotionKind

# A look that does not know the scores of the windows before it goes by how many of the last three were breaches.
BREACHES_TO_CONFIRM = 2
# Drift that was answered rests until labels make it so likely that the floor is missed.
IN_DOUBT = 0.2


@dataclass(frozen=True)
class Says:
    """What one rule says about a case: its reason, its margin, and what it requires, defers, permits and forbids."""

    sentence: str
    margin: float | None = None
    requires: Actions = frozenset()
    defers: Actions = frozenset()
    permits: Actions = frozenset()
    forbids: Actions = frozenset()


@dataclass(frozen=True)
class Case:
    """One piece of evidence held against one set of rules."""

    evidence: Evidence
    rules: PolicyRules

    @property
    def drift_scores(self) -> Mapping[str, float | None]:
        """The scores of this kind of model by name, None where they are unknown or the window supports none."""
        drift, usable = self.evidence.drift, self.evidence.drift.status.usable
        if drift.numeric_drift is not None:
            return {"numeric_drift": known(drift.numeric_drift, usable)}
        return {
            "vocabulary_drift": known(drift.vocabulary_drift, usable),
            "tfidf_drift": known(drift.tfidf_drift, usable),
        }

    @property
    def drift_score(self) -> float | None:
        """The larger of the known drift scores."""
        return max((score for score in self.drift_scores.values() if score is not None), default=None)

    @property
    def drift_breach(self) -> bool | None:
        """True when a known score is above the line; false only when all are known and none is."""
        score = self.drift_score
        if score is not None and score > self.rules.monitoring.drift_threshold:
            return True
        return None if None in self.drift_scores.values() else False

    @property
    def signs(self) -> Mapping[str, float]:
        """The known scores that are read from the answers, not from the words, and are above the line."""
        drift, line = self.evidence.drift, self.rules.monitoring.drift_threshold
        named = {"score_shift": drift.score_shift, "spam_part_novelty": drift.spam_part_novelty}
        scores = {name: known(value, drift.status.usable) for name, value in named.items()}
        return {name: value for name, value in scores.items() if value is not None and value > line}

    @property
    def suspected(self) -> bool:
        """The answers alone let expect too low an accuracy, and no labels settle it."""
        accuracy = self.evidence.accuracy
        settled = self.p_below_floor is not None and not self.accuracy_undecided
        return bool(accuracy.suspicious) and accuracy.upper_estimate is not None and not settled

    @property
    def drift_confirmed(self) -> bool:
        """Drift that more than chance explains, and that no retraining has answered already."""
        return self.drift_lasts and not self.drift_answered

    @property
    def drift_lasts(self) -> bool:
        """A breach in this window that is far out, or that earlier windows confirm; by hand one window is enough."""
        if not self.drift_breach:
            return False
        windows, known_before = self.rules.monitoring.confirm_windows, self.evidence.drift.earlier_windows is not None
        if windows == 2 and not known_before:
            return self.evidence.drift.scheduled_breaches >= BREACHES_TO_CONFIRM
        if windows == 1 or not known_before:
            return True
        return CONFIRMED_BY[windows](self.distances())

    @property
    def drift_answered(self) -> bool:
        """A retraining saw it and gained nothing, labels cleared the model and still do not speak against it.

        What was cleared once stays so until there is real doubt: near the line of certainty, chance alone would call
        the same drift back every few weeks.
        """
        answered, p = self.evidence.history.answered_drift, self.p_below_floor
        if answered is None or p is None or p > IN_DOUBT:
            return False
        return not clearly_beyond(self.distances(answered))

    def distances(self, answered: WindowScores | None = None) -> tuple[float, ...]:
        """How far this window and those before it lie out, in units of their line, newest first.

        With `answered`, its scores are the lines where they lie above the policy's own, and positive messages of new
        kinds count too: what a retraining did not see is not answered.
        """
        drift, line = self.evidence.drift, self.rules.monitoring.drift_threshold
        windows: tuple[DriftEvidence | WindowScores, ...] = (drift, *(drift.earlier_windows or ()))
        names = DRIFT_SCORES if answered is None else (*DRIFT_SCORES, "spam_part_novelty")
        lines = {name: max(line, getattr(answered, name, None) or 0.0) for name in names}
        return tuple(
            max(
                (distance(score, lines[name]) for name in names if (score := known(getattr(one, name), True))),
                default=0.0,
            )
            for one in windows
        )

    @property
    def p_below_floor(self) -> float | None:
        """P(accuracy < floor); None unless there are labels enough for a judgement."""
        accuracy = self.evidence.accuracy
        return known(accuracy.p_below_floor, accuracy.status.usable)

    @property
    def accuracy_below(self) -> bool | None:
        p = self.p_below_floor
        return None if p is None else p >= self.rules.monitoring.accuracy_confidence

    @property
    def accuracy_undecided(self) -> bool:
        p, confidence = self.p_below_floor, self.rules.monitoring.accuracy_confidence
        return p is not None and 1 - confidence < p < confidence

    @property
    def schedule_margin_hours(self) -> float | None:
        """Hours past the scheduled retraining (negative: still to go); a calendar goes before a number of days."""
        if self.evidence.training.calendar_overdue_hours is not None:
            return self.evidence.training.calendar_overdue_hours
        since = self.evidence.training.hours_since_training
        return None if since is None else since - self.rules.retraining.schedule_days * HOURS_PER_DAY

    @property
    def schedule_due(self) -> bool:
        margin = self.schedule_margin_hours
        return margin is not None and margin >= 0

    @property
    def labels_suffice(self) -> bool:
        """Whether a retraining would learn from enough new labelled rows; an unknown number is not enough."""
        new = self.evidence.training.new_labels
        return new is not None and new >= self.rules.retraining.min_new_labels

    @property
    def labels_margin(self) -> float | None:
        new = self.evidence.training.new_labels
        return None if new is None else float(new - self.rules.retraining.min_new_labels)

    @property
    def triggers(self) -> frozenset[Trigger]:
        found = {
            Trigger.DRIFT: self.drift_confirmed,
            Trigger.ACCURACY: bool(self.accuracy_below),
            Trigger.SCHEDULE: self.schedule_due,
        }
        return frozenset(trigger for trigger, fires in found.items() if fires and self.evidence.champion.version)

    @property
    def breach(self) -> bool:
        return bool(self.triggers - {Trigger.SCHEDULE})

    @property
    def cooling_down(self) -> bool:
        return _within(self.evidence.training.hours_since_attempt, self.rules.retraining.cooldown_hours)

    @property
    def budget_spent(self) -> bool:
        return self.evidence.training.attempts_last_day >= self.rules.retraining.max_per_day

    @property
    def brake_on(self) -> bool:
        return self.evidence.training.fruitless_in_a_row >= self.rules.retraining.max_fruitless

    @property
    def refused_lately(self) -> bool:
        return _within(self.evidence.training.hours_since_refusal, self.rules.retraining.cooldown_hours)

    @property
    def waits_for_approval(self) -> bool:
        return bool(self.evidence.history.waiting_for_approval)

    @property
    def retraining_blocked(self) -> bool:
        limits = (self.cooling_down, self.budget_spent, self.brake_on, self.refused_lately, self.waits_for_approval)
        return any(limits) or self.rolling_out

    @property
    def rolling_out(self) -> bool:
        return self.evidence.rollout is not None

    @property
    def may_defer(self) -> bool:
        return self.evidence.history.deferrals_in_a_row < self.rules.max_deferrals

    @property
    def challenger_is_proven(self) -> bool:
        """A passed verdict for that very version, fresh, against the champion that serves now, refused by no person."""
        challenger, champion = self.evidence.challenger, self.evidence.champion
        if challenger is None or challenger.verdict_age_hours is None or champion.version is None:
            return False
        return (
            challenger.verdict is VerdictStatus.PASSED
            and challenger.verdict_id is not None
            and 0 <= challenger.verdict_age_hours <= self.rules.verdict_valid_hours
            and challenger.judged_against == champion.version != challenger.version
            and not challenger.refused_by_person
            and not challenger.served_before
            and not challenger.taken_back
        )

    @property
    def previous_was_better(self) -> bool:
        """The champion, which came by a promotion, is below the floor, and the one before it was known not to be."""
        champion = self.evidence.champion
        if champion.previous_version is None or champion.previous_p_below_floor is None:
            return False
        return (
            champion.arrived_by is PromotionKind.PROMOTE
            and bool(self.accuracy_below)
            and champion.previous_p_below_floor < self.rules.monitoring.accuracy_confidence
        )


def known(value: float | None, usable: bool) -> float | None:
    """The value where it means something; a NaN is as unknown as a missing one."""
    return value if usable and value is not None and isfinite(value) else None


def clears(accuracy: AccuracyEvidence, training: TrainingEvidence, rules: PolicyRules) -> bool:
    """Whether labels clear the model, with as many since the last training as another one would need.

    Fewer would mostly be labels of before, which say nothing about drift that has begun since.
    """
    enough = (training.new_labels or 0) >= rules.retraining.min_new_labels
    sure = is_clear(accuracy.p_below_floor, rules.monitoring.accuracy_confidence)
    return accuracy.status.usable and enough and sure


def is_clear(p_below_floor: float | None, confidence: float) -> bool:
    return p_below_floor is not None and p_below_floor <= 1 - confidence


def _within(hours: float | None, limit: float) -> bool:
    return hours is not None and hours < limit
