"""Runs a policy over the recorded decisions of a model, beside what was decided then.

Pure: no clock, no files, no model calls, except where an assistant is passed in. The record is what happened under the
decisions that were taken. Once the replayed policy differs, later evidence is no longer what it would have seen: its
own retrainings count for cooldown and budget, everything else stays as recorded.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.actions import REACTIONS, Action, Actions
from agent.decision import BREACHES, Bounds, Decision, PolicyRules
from agent.deliberation.proposal import Proposal
from agent.evidence import Evidence, WindowScores
from agent.foresight.simulation.run import Prices
from agent.foresight.what_if import evidence_under
from agent.rules.guardrails import rule
from agent.rules.policy import bounds
from pipeline.durations import DAY, HOUR, hours_between
from pipeline.monitoring.looks import LOOKED_BACK

# A longer silence between two decisions says nothing about the time between them.
LONGEST_STEP = DAY
# Policies under which a decision did not record the scores of the windows before it.
WINDOWS_NOT_RECORDED = ("1", "2")

Deliberate = Callable[[Evidence, Bounds, PolicyRules], tuple[Proposal | None, float]]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One recorded moment: what was done then and what would be done; `breach` is as the record saw it."""

    decision_id: str
    at: datetime
    hours: float
    breach: bool
    recorded: Actions
    replayed: Actions
    labels_recorded: int
    labels_replayed: int
    usd_recorded: float
    usd_replayed: float

    @property
    def same(self) -> bool:
        return self.recorded == self.replayed


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What one side came to. `days_unanswered` counts breach time before any retraining or rollback was begun."""

    retrainings: int
    rollbacks: int
    alerts: int
    people_asked: int
    labels_asked: int
    breaches: int
    missed: int
    late: int
    days_in_breach: float
    days_unanswered: float
    usd: float
    cost: float


@dataclass(frozen=True, kw_only=True)
class HistoryReplay:
    steps: tuple[Step, ...]
    prices: Prices

    @property
    def first_difference(self) -> Step | None:
        return next((step for step in self.steps if not step.same), None)

    @property
    def differences(self) -> int:
        return sum(not step.same for step in self.steps)

    @property
    def recorded(self) -> Tally:
        return _tally(self.steps, self.prices, recorded=True)

    @property
    def replayed(self) -> Tally:
        return _tally(self.steps, self.prices, recorded=False)


def replay_history(
    decisions: Sequence[Decision],
    rules_of: Callable[[PolicyRules], PolicyRules],
    *,
    deliberate: Deliberate | None = None,
    prices: Prices | None = None,
) -> HistoryReplay:
    """Decide again on every recorded decision, the oldest first, under the rules that `rules_of` makes of its own.

    Without `deliberate`, the recorded proposals of the deciding model are kept.
    """
    return HistoryReplay(steps=tuple(_steps(decisions, rules_of, deliberate)), prices=prices or Prices())


def _steps(
    decisions: Sequence[Decision], rules_of: Callable[[PolicyRules], PolicyRules], deliberate: Deliberate | None
) -> Iterator[Step]:
    own_attempts: list[datetime] = []
    windows: list[tuple[int, WindowScores]] = []
    differs = False
    for place, decision in enumerate(decisions):
        rules = rules_of(decision.rules)
        evidence, _ = evidence_under(_with_windows(decision, windows), decision.rules, rules)
        if differs:
            evidence = _with_attempts(evidence, own_attempts, decision.at)
        limits = bounds(evidence, rules)
        proposal, usd = decision.deliberation.proposal, decision.deliberation.cost_usd or 0.0
        if deliberate is not None:
            proposal, usd = deliberate(evidence, limits, rules)
        replayed = rule(limits, proposal, decision.ruling.autonomy).effective
        if Action.RETRAIN in replayed:
            own_attempts.append(decision.at)
        differs = differs or replayed != decision.ruling.effective
        yield Step(
            decision_id=decision.decision_id,
            at=decision.at,
            hours=_hours_until_next(decisions, place),
            breach=bool(decision.bounds.triggers & BREACHES),
            recorded=decision.ruling.effective,
            replayed=replayed,
            labels_recorded=_labels(decision.ruling.effective, decision.evidence, decision.rules),
            labels_replayed=_labels(replayed, evidence, rules),
            usd_recorded=decision.deliberation.cost_usd or 0.0,
            usd_replayed=usd,
        )


def _with_windows(decision: Decision, windows: list[tuple[int, WindowScores]]) -> Evidence:
    """The evidence with the scheduled windows before it, where it did not record them itself."""
    evidence, generation = decision.evidence, decision.evidence.champion.generation
    if not decision.scheduled or not evidence.drift.status.usable:
        return evidence
    earlier = tuple(scores for of, scores in windows if of == generation)
    windows.insert(0, (generation, WindowScores.among(vars(evidence.drift))))
    del windows[LOOKED_BACK - 1 :]
    if decision.policy_version not in WINDOWS_NOT_RECORDED:
        return evidence
    return replace(evidence, drift=replace(evidence.drift, earlier_windows=earlier))


def _with_attempts(evidence: Evidence, attempts: Sequence[datetime], now: datetime) -> Evidence:
    last = hours_between(attempts[-1], now) if attempts else None
    lately = sum(now - attempt < DAY for attempt in attempts)
    changed = replace(evidence.training, hours_since_attempt=last, attempts_last_day=lately)
    return replace(evidence, training=changed)


def _hours_until_next(decisions: Sequence[Decision], place: int) -> float:
    if place + 1 == len(decisions):
        return 0.0
    step = decisions[place + 1].at - decisions[place].at
    return min(step, LONGEST_STEP) / HOUR


def _labels(effective: Actions, evidence: Evidence, rules: PolicyRules) -> int:
    if Action.REQUEST_LABELS not in effective:
        return 0
    return max(rules.retraining.min_new_labels - (evidence.training.new_labels or 0), 0)


def _tally(steps: Sequence[Step], prices: Prices, *, recorded: bool) -> Tally:
    done = [step.recorded if recorded else step.replayed for step in steps]
    counts = {action: sum(action in effective for effective in done) for action in Action}
    # The same request stands until it is met: the labels asked for are those of the first decision in a row.
    asked = [step.labels_recorded if recorded else step.labels_replayed for step in steps]
    labels = sum(one for place, one in enumerate(asked) if one and (place == 0 or not asked[place - 1]))
    usd = sum(step.usd_recorded if recorded else step.usd_replayed for step in steps)
    missed, late, unanswered, breaches = _breaches(steps, done)
    return Tally(
        retrainings=counts[Action.RETRAIN],
        rollbacks=counts[Action.ROLL_BACK],
        alerts=counts[Action.ALERT],
        people_asked=counts[Action.ASK_PERSON],
        labels_asked=labels,
        breaches=breaches,
        missed=missed,
        late=late,
        days_in_breach=sum(step.hours for step in steps if step.breach) / 24,
        days_unanswered=unanswered / 24,
        usd=usd,
        cost=counts[Action.RETRAIN] * prices.training
        + labels * prices.label
        + counts[Action.ALERT] * prices.alert
        + counts[Action.ASK_PERSON] * prices.person,
    )


def _breaches(steps: Sequence[Step], done: Sequence[Actions]) -> tuple[int, int, float, int]:
    """Breaches that nobody reacted to, those reacted to after a day, hours before a remedy, and all breaches."""
    missed, late, unanswered, count, place = 0, 0, 0.0, 0, 0
    remedies = {Action.RETRAIN, Action.ROLL_BACK}
    while place < len(steps):
        if not steps[place].breach:
            place += 1
            continue
        start, count, reaction, remedied = steps[place].at, count + 1, None, False
        while place < len(steps) and steps[place].breach:
            if reaction is None and done[place] & REACTIONS:
                reaction = steps[place].at - start
            remedied = remedied or bool(done[place] & remedies)
            unanswered += 0.0 if remedied else steps[place].hours
            place += 1
        missed += reaction is None
        late += reaction is not None and reaction > DAY
    return missed, late, unanswered, count
