"""Gathers the evidence: reads the stores, measures the window, and keeps numbers, enums and ids only."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.acting import approvals
from agent.decision import (
    AccuracyEvidence,
    ChallengerEvidence,
    ChampionEvidence,
    DataStatus,
    DriftEvidence,
    Evidence,
    HistoryEvidence,
    PatternEvidence,
    TrainingEvidence,
)
from agent.observing.lookout import CONFIRM_AMONG, Lookout, Measured
from agent.record import ledger, past
from agent.record.canonical import to_plain
from agent.record.ledger import EntryKind
from agent.record.past import Past, hours_between
from pipeline.gate.verdicts import newest_verdict
from pipeline.monitoring.accuracy import AccuracyReport, AccuracyStatus
from pipeline.monitoring.drift import WindowStatus
from pipeline.monitoring.window import Window
from pipeline.records import Pointer, Promotion, PromotionKind, VersionRecord
from pipeline.releases.promotion import pointer, promotions, versions
from pipeline.spec import ModelSpec
from pipeline.store.open import Store

# A scheduled window that does not fill within a day is looked at as it is.
PATIENCE_HOURS = 24.0
HISTORY = 200

_STATUS = {
    WindowStatus.OK: DataStatus.SUFFICIENT,
    WindowStatus.LOW_POWER: DataStatus.LOW_POWER,
    WindowStatus.INSUFFICIENT: DataStatus.TOO_FEW,
    WindowStatus.NO_DATA: DataStatus.NO_DATA,
}
ACCURACY_STATUS = {
    AccuracyStatus.OK: DataStatus.SUFFICIENT,
    AccuracyStatus.TOO_FEW: DataStatus.TOO_FEW,
    AccuracyStatus.NO_DATA: DataStatus.NO_DATA,
}


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

    def __init__(self, store: Store, artifact_dir: Path, spec: ModelSpec):
        self.store, self.spec = store, spec
        self.lookout = Lookout(store, artifact_dir, spec)

    def observe(self, now: datetime, *, scheduled: bool) -> Observation:
        """The evidence at `now`: of the next disjoint window when scheduled, else of the newest messages."""
        champion, moves = pointer(self.store.control, self.spec.name), self._moves()
        generation = champion.generation if champion else 0
        known = versions(self.store.control, self.spec.name)
        lately = self._past(now, generation, moves, known)
        newest = self.lookout.newest(champion)
        window = self.lookout.next_unseen(champion, newest) if scheduled else newest
        drift = self.lookout.drift(champion, window)
        accuracy = self.lookout.accuracy(champion, newest)
        seen = self._drift(now, champion, window, drift, scheduled)
        evidence = Evidence(
            model=self.spec.name,
            at=now,
            champion=self._champion(now, champion, moves),
            drift=seen,
            accuracy=_accuracy_evidence(accuracy, seen.status),
            training=self._training(now, known, lately),
            challenger=self._challenger(now, champion, moves, known, lately),
            history=HistoryEvidence(
                unresolved_breach_hours=lately.unresolved_breach_hours,
                incident_id=lately.incident_id,
                deferrals_in_a_row=lately.deferrals_in_a_row,
                waiting_for_approval=self._waiting(now),
            ),
        )
        return Observation(evidence=evidence, window=window, drift=drift, accuracy=accuracy)

    def _moves(self) -> list[Promotion]:
        return promotions(self.store.control, self.spec.name, limit=1_000)

    def _past(self, now: datetime, generation: int, moves: list[Promotion], known: list[VersionRecord]) -> Past:
        kinds = (
            EntryKind.EFFECT_STARTED,
            EntryKind.TRAINED,
            EntryKind.EFFECT_FAILED,
            EntryKind.APPROVAL_REJECTED,
        )
        helped = [move.at for move in moves if move.kind is PromotionKind.PROMOTE]
        by_hand = [version.trained_at for version in known if version.decision_id is None]
        return past.summarise(
            ledger.decisions(self.store.control, self.spec.name, HISTORY),
            ledger.events(self.store.control, self.spec.name, kinds, HISTORY),
            now,
            generation,
            max([*helped, *by_hand], default=None),
        )

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
        status = self._status(now, window, report, age, scheduled)
        breaches = self.lookout.scheduled_breaches(champion.generation)
        if scheduled and status.usable:
            breaches = [bool(report.drift_detected), *breaches][:CONFIRM_AMONG]
        return DriftEvidence(
            status=status,
            **(dict(report.scores) | dict(report.signs) if status.usable else {}),
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
            from_seq=window.from_seq if window.predictions else None,
            to_seq=window.to_seq if window.predictions else None,
        )

    def _status(
        self, now: datetime, window: Window, report: Measured, age: float | None, scheduled: bool
    ) -> DataStatus:
        if age is not None and age > self.spec.monitoring.stale_after_hours:
            return DataStatus.STALE
        full = len(window) >= self.spec.monitoring.window_rows
        if scheduled and window.first_at and not full and hours_between(window.first_at, now) < PATIENCE_HOURS:
            return DataStatus.FILLING
        return _STATUS[report.status]

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
            new_labels=self.lookout.new_labels(trained_at),
            hours_since_attempt=lately.hours_since_attempt,
            attempts_last_day=lately.attempts_last_day,
            fruitless_in_a_row=lately.fruitless_in_a_row,
            hours_since_refusal=lately.hours_since_refusal,
        )

    def _challenger(
        self,
        now: datetime,
        champion: Pointer | None,
        moves: list[Promotion],
        known: list[VersionRecord],
        lately: Past,
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
        )

    def _waiting(self, now: datetime) -> tuple[Any, ...]:
        found = approvals.pending(self.store.control, self.spec.name, now)
        return tuple(sorted({approval.binding.action for approval in found}))


def _accuracy_evidence(report: AccuracyReport | None, window: DataStatus) -> AccuracyEvidence:
    """When messages have stopped, old labels say nothing about now: the status is stale and the scores are null."""
    if report is None:
        return AccuracyEvidence()
    status = DataStatus.STALE if window is DataStatus.STALE else ACCURACY_STATUS[report.status]
    shown = report if status.usable else None
    return AccuracyEvidence(
        status=status,
        estimate=shown.estimate if shown else None,
        low=shown.low if shown else None,
        high=shown.high if shown else None,
        p_below_floor=shown.p_below_floor if shown else None,
        labelled=report.labelled,
        more_labels=report.more_labels,
        method=report.method if report.labelled else None,
        upper_estimate=report.upper_estimate if status is not DataStatus.STALE else None,
        suspicious=report.suspicious if status is not DataStatus.STALE else None,
        label_delay_hours=report.label_delay_hours,
    )
