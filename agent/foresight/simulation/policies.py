"""What is compared in the simulation: the policy, an agent within it, naive baselines, and one that knows the truth.

Pure: no clock, no files, no model calls, except where an assistant is passed in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from agent.actions import RETRAIN, Action, Actions, Autonomy
from agent.decision import PolicyRules
from agent.deliberation.proposal import Deliberation, Diagnosis, Proposal
from agent.evidence import Evidence
from agent.loop import Deliberates
from agent.rules.guardrails import rule
from agent.rules.policy import bounds

NOTHING: Actions = frozenset()
# Below this probability of being too bad, the scripted agent puts a retraining for drift off once.
CLEARLY_FINE = 0.10


@dataclass(frozen=True, kw_only=True)
class View:
    """What a policy may look at in one hour. Only the informed one looks at `accuracy` and `gain`, which are true."""

    hour: int
    evidence: Evidence
    full_window: bool
    accuracy: float
    gain: Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Choice:
    effective: Actions
    deferred: bool = False
    usd: float = 0.0


class Chooses(Protocol):
    """One policy. `gated` ones promote only what the gate lets through; the naive ones promote what they trained."""

    name: str
    gated: bool

    def choose(self, view: View) -> Choice: ...


@dataclass
class Never:
    name: str = "never"
    gated: bool = False

    def choose(self, view: View) -> Choice:
        return Choice(effective=NOTHING)


@dataclass
class Daily:
    """A cron job: every midnight, on whatever labels there are."""

    name: str = "daily"
    gated: bool = False

    def choose(self, view: View) -> Choice:
        return Choice(effective=RETRAIN if view.hour % 24 == 0 and view.hour else NOTHING)


@dataclass
class FixedThreshold:
    """Retrains whenever a full window is above the line: no labels asked for, no cooldown, no gate."""

    threshold: float = 0.15
    name: str = "fixed_threshold"
    gated: bool = False

    def choose(self, view: View) -> Choice:
        drift = view.evidence.drift
        scores = [score for score in (drift.vocabulary_drift, drift.tfidf_drift) if score is not None]
        above = view.full_window and max(scores, default=0.0) > self.threshold
        return Choice(effective=RETRAIN if above else NOTHING)


@dataclass
class Rules:
    """The policy alone."""

    rules: PolicyRules
    name: str = "rules"
    gated: bool = True

    def choose(self, view: View) -> Choice:
        return Choice(effective=rule(bounds(view.evidence, self.rules), None, Autonomy.ACT).effective)


@dataclass
class WithAgent:
    """The policy with a deciding model within it, which is asked only where something is required."""

    rules: PolicyRules
    assistant: Deliberates
    most_calls: int
    name: str = "agent"
    gated: bool = True
    calls: int = field(default=0)

    def choose(self, view: View) -> Choice:
        limits = bounds(view.evidence, self.rules)
        thought = Deliberation()
        if limits.required and self.calls < self.most_calls:
            self.calls += 1
            thought = self.assistant.deliberate(view.evidence, limits, self.rules)
        ruling = rule(limits, thought.proposal, Autonomy.ACT)
        return Choice(effective=ruling.effective, deferred=bool(ruling.deferred), usd=thought.cost_usd or 0.0)


class PatientScript:
    """A scripted agent: it puts a retraining for drift off while the labels show clearly that nothing is wrong."""

    def deliberate(self, evidence: Evidence, limits: object, rules: PolicyRules) -> Deliberation:
        p = evidence.accuracy.p_below_floor
        fine = evidence.accuracy.status.usable and p is not None and p < CLEARLY_FINE
        proposal = Proposal(
            defer=RETRAIN if fine else NOTHING,
            diagnosis=Diagnosis.COVARIATE_SHIFT,
            reasons=("the accuracy is clearly above its floor",),
        )
        return Deliberation(asked=True, proposal=proposal)


@dataclass
class Informed:
    """Knows the true accuracy and what a retraining would bring; the yardstick of regret, not a policy to be had."""

    floor: float
    least_gain: float = 0.01
    name: str = "informed"
    gated: bool = False

    def choose(self, view: View) -> Choice:
        if view.accuracy >= self.floor:
            return Choice(effective=NOTHING)
        if view.gain() >= self.least_gain:
            return Choice(effective=RETRAIN)
        return Choice(effective=frozenset({Action.REQUEST_LABELS}))
