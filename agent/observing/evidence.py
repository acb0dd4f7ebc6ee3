"""Gathers the evidence: reads the stores, measures the window, and keeps numbers, enums and ids only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.acting import approvals
from agent.acting.rollouts import ended_badly, running
from agent.decision import PolicyRules
from agent.evidence import (
    ChallengerEvidence,
    ChampionEvidence,
    DataStatus,
    DriftEvidence,
    Evidence,
    HistoryEvidence,
    PatternEvidence,
    RolloutEvidence,
    TrainingEvidence,
    WindowScores,
)
from agent.observing.answered import answered_drift
from agent.observing.lookout import Lookout, Measured
from agent.observing.reading import WINDOW_STATUS, accuracy_evidence
from agent.record import past
from agent.record.canonical import to_plain
from agent.record.ledger import Entry
from agent.record.past import Past
from agent.record.recent import decisions_that_bear
from agent.record.retrainings import made_for, retraining_events
from agent.rules.signals import clears
from agent.schedule.calendar import Plan, overdue_hours
from pipeline.checks import is_full
from pipeline.durations import hours_between
from pipeline.gate.verdicts import newest_verdict
from pipeline.monitoring.accuracy import AccuracyReport
from pipeline.monitoring.drift_report import DRIFT_SCORES
from pipeline.monitoring.looks import LOOKED_BACK
from pipeline.monitoring.window import Window
from pipeline.records import Pointer, Promotion, PromotionKind, VersionRecord
from pipeline.releases.promotion import pointer, promotions, versions
from pipeline.releases.rollout_events import Rollout
from pipeline.releases.rollout_store import rollout_history
from pipeline.spec import ModelSpec
from pipeline.store.open import Store

# A scheduled window that does not fill within a day is looked at as it is.
PATIENCE_HOURS = 24.0


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Evidence, and beside it what only people and the report table get to see. `drift` may quote words of messages."""

    evidence: Evidence
    window: Window | None = None
    drift: Measured | None = None
    accuracy: AccuracyReport | None = None

    def report_body(self, decision_id: str) -> dict[str, Any]:
        return {
            "decision_id": decision_id,
            "evidence": to_plain(self.evidence),
            "drift": dict(self.drift.body) if self.drift else None,
            "accuracy": self.accuracy.as_dict() if self.accuracy else None,
        }


class Observer:
    """Looks at one managed model."""

    def __init__(self, store: Store, artifact_dir: Path, spec: ModelSpec, calendar: Plan | None = None):
        self.store, self.spec, self.calendar = store, spec, calendar
        self.lookout = Lookout(store, artifact_dir, spec)

    def observe(self, now: datetime, *, scheduled: bool) -> Observation:
        """The evidence at `now`: of the next disjoint window when scheduled, else of the newest messages."""
        champion, moves = pointer(self.store.control, self.spec.name), self._moves()
        generation = champion.generation if champion else 0
        known = versions(self.store.control, self.spec.name)
        decided = decisions_that_bear(self.store.control, self.spec.name, generation)
        happened = retraining_events(self.store.control, self.spec.name)
        tried = made_for(self.store.control, happened, _last(moves, PromotionKind.PROMOTE))
        rollouts = rollout_history(self.store.control, self.spec.name)
        lately = _lately(decided, happened, tried, now, generation, moves, known)
        newest = self.lookout.newest(champion, now)
        window = self.lookout.next_unseen(champion, newest, now) if scheduled else newest
        drift = self.lookout.drift(champion, window)
        accuracy = self.lookout.accuracy(champion, newest, now)
        seen = self._drift(now, champion, window, drift, scheduled)
        judged, training = accuracy_evidence(accuracy, seen.status), self._training(now, known, lately)
        evidence = Evidence(
            model=self.spec.name,
            at=now,
            champion=self._champion(now, champion, moves),
            drift=seen,
            accuracy=judged,
            training=training,
            challenger=self._challenger(now, champion, moves, known, lately, rollouts),
            rollout=_rollout(running(rollouts), now),
            history=HistoryEvidence(
                unresolved_breach_hours=lately.unresolved_breach_hours,
                incident_id=lately.incident_id,
                answered_drift=answered_drift(
                    decided[0] if decided else None, tried, happened, generation, clears(judged, training, self._rules)
                ),
                deferrals_in_a_row=lately.deferrals_in_a_row,
                waiting_for_approval=self._waiting(now),
            ),
        )
        return Observation(evidence=evidence, window=window, drift=drift, accuracy=accuracy)

    def _moves(self) -> list[Promotion]:
        return promotions(self.store.control, self.spec.name, limit=1_000)

    @property
    def _rules(self) -> PolicyRules:
        return PolicyRules(monitoring=self.spec.monitoring, retraining=self.spec.retraining)

    def _drift(
        self,
        now: datetime,
        champion: Pointer | None,
        window: Window | None,
        report: Measured | None,
        scheduled: bool,
    ) -> DriftEvidence:
        if champion is None or window is None or report is None:
            return DriftEvidence()
        age = self.lookout.hours_since_last_message(now)
        status = self._status(now, champion, window, report, age, scheduled)
        scores = dict(report.scores) | dict(report.signs) if status.usable else {}
        before = self.lookout.scheduled_windows(champion.generation)
        windows = [WindowScores.among(scores), *before] if scheduled and status.usable else before
        breaches = [window.drifted(self.spec.monitoring.drift_threshold) for window in windows[:LOOKED_BACK]]
        return DriftEvidence(
            status=status,
            **scores,
            causes=report.causes if status.usable else None,
            messages=report.messages,
            unique_messages=report.unique_messages,
            full_window=self.spec.monitoring.window_rows if scheduled else None,
            duplicate_rate=report.duplicate_rate,
            hours_since_last_message=age,
            new_patterns=tuple(
                PatternEvidence(count=pattern.count, share=pattern.share, lift=pattern.lift)
                for pattern in (report.patterns if status.usable else ())
            ),
            scheduled_windows=len(breaches),
            scheduled_breaches=sum(breaches),
            earlier_windows=_known(before)[: LOOKED_BACK - 1] if scheduled else None,
            from_seq=window.from_seq if window.predictions else None,
            to_seq=window.to_seq if window.predictions else None,
        )

    def _status(
        self, now: datetime, champion: Pointer, window: Window, report: Measured, age: float | None, scheduled: bool
    ) -> DataStatus:
        if age is not None and age > self.spec.monitoring.stale_after_hours:
            return DataStatus.STALE
        full = is_full(self.spec, champion, window, now)
        patience = max(PATIENCE_HOURS, self.spec.monitoring.window_hours or 0.0)
        if scheduled and window.first_at and not full and hours_between(window.first_at, now) < patience:
            return DataStatus.FILLING
        return WINDOW_STATUS[report.status]

    def _champion(self, now: datetime, champion: Pointer | None, moves: list[Promotion]) -> ChampionEvidence:
        if champion is None:
            return ChampionEvidence()
        return ChampionEvidence(
            version=champion.version,
            generation=champion.generation,
            arrived_by=moves[0].kind if moves else None,
            hours_since_promotion=hours_between(champion.promoted_at, now),
            previous_version=champion.previous_version,
            previous_p_below_floor=self.lookout.previous_p_below_floor(champion),
        )

    def _training(self, now: datetime, known: list[VersionRecord], lately: Past) -> TrainingEvidence:
        """The last training counts whatever became of it: rows that it saw are not new any more."""
        times = [known[0].trained_at if known else None, lately.trained_at]
        trained_at = max((at for at in times if at), default=None)
        return TrainingEvidence(
            hours_since_training=hours_between(trained_at, now) if trained_at else None,
            new_labels=self.lookout.new_labels(trained_at, now),
            hours_since_attempt=lately.hours_since_attempt,
            attempts_last_day=lately.attempts_last_day,
            fruitless_in_a_row=lately.fruitless_in_a_row,
            hours_since_refusal=lately.hours_since_refusal,
            calendar_overdue_hours=overdue_hours(self.calendar, trained_at, now)
            if self.calendar and trained_at
            else None,
        )

    def _challenger(
        self,
        now: datetime,
        champion: Pointer | None,
        moves: list[Promotion],
        known: list[VersionRecord],
        lately: Past,
        rollouts: list[Rollout],
    ) -> ChallengerEvidence | None:
        if not known or (champion and known[0].version == champion.version):
            return None
        version = known[0].version
        record = newest_verdict(self.store.control, self.spec.name, version)
        return ChallengerEvidence(
            version=version,
            verdict_id=record.verdict_id if record else None,
            verdict=record.verdict.status if record else None,
            verdict_age_hours=hours_between(record.at, now) if record else None,
            judged_against=record.champion_version if record else None,
            refused_by_person=version in lately.refused_versions,
            served_before=any(move.to_version == version for move in moves),
            taken_back=ended_badly(rollouts, version, record.at if record else None) or None,
        )

    def _waiting(self, now: datetime) -> tuple[Any, ...]:
        found = approvals.pending(self.store.control, self.spec.name, now)
        return tuple(sorted({approval.binding.action for approval in found}))


def _lately(
    decided: list[Entry],
    happened: list[Entry],
    tried: list[Entry],
    now: datetime,
    generation: int,
    moves: list[Promotion],
    known: list[VersionRecord],
) -> Past:
    by_hand = [version.trained_at for version in known if version.decision_id is None]
    helped = [*by_hand, *filter(None, [_last(moves, PromotionKind.PROMOTE)])]
    return past.summarise(decided, happened, now, generation, max(helped, default=None), tried)


def _last(moves: list[Promotion], kind: PromotionKind) -> datetime | None:
    return max((move.at for move in moves if move.kind is kind), default=None)


def _rollout(rollout: Rollout | None, now: datetime) -> RolloutEvidence | None:
    if rollout is None:
        return None
    return RolloutEvidence(
        version=rollout.version,
        strategy=rollout.strategy,
        stage=rollout.stage + 1,
        stages=len(rollout.stages),
        hours_since_begun=hours_between(rollout.started_at, now),
    )


def _known(windows: Sequence[WindowScores]) -> tuple[WindowScores, ...]:
    """Those that could be measured."""
    return tuple(window for window in windows if any(getattr(window, name) is not None for name in DRIFT_SCORES))
