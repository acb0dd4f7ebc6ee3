"""Walks through past predictions window by window, as Refit would have, and records what it would have decided.

Pure: no clock, no files, no model calls. The recorded model never changes, so what follows a retraining is partly
unknowable. Where labels clear the recorded model, one for drift is taken to bring nothing better: the same drift rests.
Any other is taken to have been promoted, which in production the gate decides: one for drift moves the reference up to
that day; one for accuracy is not repeated until the recorded accuracy has been clear again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from agent.actions import Action, Actions, Autonomy
from agent.decision import BREACHES, Bounds, PolicyRules, Trigger
from agent.evidence import (
    AccuracyEvidence,
    ChampionEvidence,
    DataStatus,
    DriftEvidence,
    Evidence,
    HistoryEvidence,
    TrainingEvidence,
    WindowScores,
)
from agent.foresight.backtest.rulers import Measured, Ruler
from agent.foresight.backtest.table import PastPrediction
from agent.observing.answered import largest
from agent.observing.reading import accuracy_evidence
from agent.rules.guardrails import rule
from agent.rules.policy import bounds
from agent.rules.signals import clears
from pipeline.durations import DAY, hours_between
from pipeline.monitoring.accuracy import AccuracyReport, AccuracyStatus, Standing, judge_accuracy
from pipeline.monitoring.drift_report import DRIFT_SCORES
from pipeline.monitoring.looks import LOOKED_BACK

MakeRuler = Callable[[Sequence[PastPrediction]], Ruler]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """One look: what was seen at the end of a window, and what was decided. `accuracy` is of the recorded model."""

    at: datetime
    rows: int
    measured: Measured
    accuracy: AccuracyReport
    evidence: Evidence
    bounds: Bounds
    effective: Actions
    labels_asked: int

    @property
    def drifted(self) -> bool:
        return Trigger.DRIFT in self.bounds.triggers

    @property
    def clear(self) -> bool:
        return self.accuracy.status is AccuracyStatus.OK and self.accuracy.standing is Standing.CLEAR

    @property
    def below(self) -> bool:
        return self.accuracy.status is AccuracyStatus.OK and self.accuracy.standing is Standing.BELOW


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Everything that was seen and decided after the reference."""

    model: str
    rules: PolicyRules
    reference_rows: int
    reference_from: datetime
    reference_to: datetime
    looks: tuple[Looked, ...]

    def with_action(self, action: Action) -> tuple[Looked, ...]:
        return tuple(look for look in self.looks if action in look.effective)

    @property
    def labels_asked(self) -> int:
        return sum(look.labels_asked for look in self.looks)


@dataclass
class _State:
    """What the walk remembers from look to look."""

    trained_at: datetime
    attempts: list[datetime] = field(default_factory=list)
    breach_since: datetime | None = None
    accuracy_answered: bool = False
    version: int = 1
    windows: list[WindowScores] = field(default_factory=list)
    # Scores that a retraining of a clear model saw; answered once new labels clear it again.
    fruitless_at: WindowScores | None = None
    answered: WindowScores | None = None


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One walk over rows that are sorted by time. Labels are known `label_delay` after their prediction."""

    model: str
    rows: Sequence[PastPrediction]
    reference_rows: int
    rules: PolicyRules
    make_ruler: MakeRuler
    label_delay: timedelta = timedelta(0)

    def run(self) -> Backtest:
        reference = self.rows[: self.reference_rows]
        state, ruler = _State(trained_at=reference[-1].at), self.make_ruler(reference)
        looks: list[Looked] = []
        for start, end, at in self.windows():
            look = self._look(state, ruler, start, end, at)
            looks.append(look)
            self._remember(state, look)
            if Action.RETRAIN in look.effective and look.drifted and not look.clear:
                ruler = self.make_ruler(self.rows[:end])
        return Backtest(
            model=self.model,
            rules=self.rules,
            reference_rows=self.reference_rows,
            reference_from=reference[0].at,
            reference_to=reference[-1].at,
            looks=tuple(looks),
        )

    def windows(self) -> Iterator[tuple[int, int, datetime]]:
        """Disjoint windows (start, end, when it was looked at); a silence too long is looked at as an empty window."""
        size, start = self.rules.monitoring.window_rows, self.reference_rows
        silence = timedelta(hours=self.rules.monitoring.stale_after_hours)
        for place in range(self.reference_rows, len(self.rows)):
            now, before = self.rows[place].at, self.rows[place - 1].at
            if now - before > silence:
                yield place, place, before + silence + timedelta(hours=1)
            if place + 1 - start == size:
                yield start, place + 1, now
                start = place + 1
        if start < len(self.rows):
            yield start, len(self.rows), self.rows[-1].at

    def _look(self, state: _State, ruler: Ruler, start: int, end: int, at: datetime) -> Looked:
        window = self.rows[start:end]
        measured = ruler.measure(window) if window else _SILENT
        accuracy = self._accuracy(end, at)
        evidence = self._evidence(state, measured, accuracy, end, at, len(window))
        limits = bounds(evidence, self.rules)
        effective = rule(limits, None, Autonomy.ACT).effective
        least, have = self.rules.retraining.min_new_labels, evidence.training.new_labels or 0
        return Looked(
            at=at,
            rows=len(window),
            measured=measured,
            accuracy=accuracy,
            evidence=evidence,
            bounds=limits,
            effective=effective,
            labels_asked=max(least - have, 0) if Action.REQUEST_LABELS in effective else 0,
        )

    def _accuracy(self, end: int, at: datetime) -> AccuracyReport:
        """Over the newest labels that were known by then, at most a window of them."""
        wanted = self.rules.monitoring.window_rows
        known: list[bool] = []
        for place in range(end - 1, max(end - 4 * wanted, -1), -1):
            row = self.rows[place]
            if row.correct is not None and row.at + self.label_delay <= at:
                known.append(row.correct)
            if len(known) == wanted:
                break
        lines = self.rules.monitoring
        return judge_accuracy(sum(known), len(known), floor=lines.accuracy_floor, confidence=lines.accuracy_confidence)

    def _evidence(
        self, state: _State, measured: Measured, accuracy: AccuracyReport, end: int, at: datetime, rows: int
    ) -> Evidence:
        seen = DriftEvidence(
            status=measured.status,
            vocabulary_drift=measured.vocabulary_drift,
            tfidf_drift=measured.tfidf_drift,
            numeric_drift=measured.numeric_drift,
            messages=rows,
            unique_messages=measured.unique,
            duplicate_rate=measured.duplicate_rate,
            hours_since_last_message=hours_between(self.rows[end - 1].at, at),
            new_patterns=measured.patterns,
        )
        line, windows = self.rules.monitoring.drift_threshold, [_scores(seen), *state.windows][:LOOKED_BACK]
        counted = replace(
            seen,
            scheduled_windows=len(windows),
            scheduled_breaches=sum(window.drifted(line) for window in windows),
            earlier_windows=tuple(state.windows[: LOOKED_BACK - 1]),
        )
        judged, training = _accuracy_evidence(state, measured, accuracy), self._training(state, end, at)
        if clears(judged, training, self.rules):
            state.answered = state.fruitless_at
        return Evidence(
            model=self.model,
            at=at,
            champion=ChampionEvidence(version=state.version, generation=state.version),
            drift=counted,
            accuracy=judged,
            training=training,
            history=HistoryEvidence(
                unresolved_breach_hours=hours_between(state.breach_since, at) if state.breach_since else None,
                answered_drift=state.answered,
            ),
        )

    def _training(self, state: _State, end: int, at: datetime) -> TrainingEvidence:
        return TrainingEvidence(
            hours_since_training=hours_between(state.trained_at, at),
            new_labels=self._new_labels(state.trained_at, end, at),
            hours_since_attempt=hours_between(state.attempts[-1], at) if state.attempts else None,
            attempts_last_day=sum(at - attempt < DAY for attempt in state.attempts),
        )

    def _new_labels(self, since: datetime, end: int, at: datetime) -> int:
        count = 0
        for place in range(end - 1, -1, -1):
            row = self.rows[place]
            known_at = row.at + self.label_delay
            if known_at <= since:
                break
            count += row.correct is not None and known_at <= at
        return count

    def _remember(self, state: _State, look: Looked) -> None:
        drift = look.evidence.drift
        if drift.status.usable:
            state.windows = [_scores(drift), *state.windows][:LOOKED_BACK]
        if look.bounds.triggers & BREACHES:
            state.breach_since = state.breach_since or look.at
        elif drift.status.usable:
            state.breach_since = None
        if look.accuracy.standing is Standing.CLEAR:
            state.accuracy_answered = False
        if Action.RETRAIN in look.effective:
            state.attempts.append(look.at)
            state.trained_at, state.breach_since = look.at, None
            if look.drifted and look.clear:
                state.fruitless_at = largest(filter(None, (*state.windows, state.fruitless_at)))
            else:
                state.version, state.answered, state.fruitless_at = state.version + 1, None, None
                state.windows.clear()
            state.accuracy_answered = state.accuracy_answered or look.below


_SILENT = Measured(status=DataStatus.STALE, vocabulary_drift=None, tfidf_drift=None, unique=0, duplicate_rate=None)


def _accuracy_evidence(state: _State, measured: Measured, report: AccuracyReport) -> AccuracyEvidence:
    seen = accuracy_evidence(report, measured.status)
    if seen.status is DataStatus.STALE or not state.accuracy_answered:
        return seen
    # After a retraining for accuracy the recorded answers are no longer those of the version that would serve.
    return AccuracyEvidence(status=DataStatus.NO_DATA, labelled=report.labelled, more_labels=report.more_labels)


def _scores(drift: DriftEvidence) -> WindowScores:
    return WindowScores(**{name: getattr(drift, name) for name in DRIFT_SCORES})
