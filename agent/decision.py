"""The values of a decision, from the numbers of the policy to the ruling. Pure: no clock, no files, no model calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.actions import Actions, Autonomy, Headline, headline_of
from agent.deliberation.proposal import Deliberation
from agent.evidence import Evidence
from pipeline.spec import MonitoringRules, RetrainingRules


class Trigger(StrEnum):
    """What can call for a retraining. Drift and accuracy are breaches; the schedule is not."""

    DRIFT = "drift"
    ACCURACY = "accuracy"
    SCHEDULE = "schedule"


BREACHES = frozenset({Trigger.DRIFT, Trigger.ACCURACY})


@dataclass(frozen=True, kw_only=True)
class PolicyRules:
    """The numbers of the policy: the lines of the managed model, and how long a deferral or a verdict may last."""

    monitoring: MonitoringRules = field(default_factory=MonitoringRules)
    retraining: RetrainingRules = field(default_factory=RetrainingRules)
    max_deferrals: int = 2
    verdict_valid_hours: float = 24.0


@dataclass(frozen=True, kw_only=True)
class Fired:
    """One rule that had something to say.

    `margin` is how far the observed number lies beyond the rule's threshold, in the threshold's own unit: negative
    when it falls short. None where a rule rests on no number.
    """

    rule: str
    sentence: str
    margin: float | None = None
    requires: Actions = frozenset()
    defers: Actions = frozenset()
    permits: Actions = frozenset()
    forbids: Actions = frozenset()


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What must be done, what of it may wait, and what may be done at all; deferrable <= required <= permitted."""

    required: Actions
    deferrable: Actions
    permitted: Actions
    fired: tuple[Fired, ...]
    triggers: frozenset[Trigger] = frozenset()

    @property
    def breach(self) -> bool:
        """Whether the model is in trouble now, as opposed to due for a routine retraining."""
        return bool(self.triggers & {Trigger.DRIFT, Trigger.ACCURACY})


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Something proposed that is not done: the action, the guardrail that refused it, and why."""

    action: str
    guardrail: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What will happen. `effective` splits into what is done now, what waits for a person, and what is only said."""

    effective: Actions
    do: Actions
    wait: Actions
    say: Actions
    deferred: Actions = frozenset()
    refusals: tuple[Refusal, ...] = ()
    autonomy: Autonomy

    @property
    def headline(self) -> Headline:
        return headline_of(self.effective)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One decision as the ledger keeps it, with all that a replay needs."""

    decision_id: str
    model: str
    at: datetime
    scheduled: bool
    evidence: Evidence
    evidence_hash: str
    rules: PolicyRules
    policy_version: str
    policy_hash: str
    bounds: Bounds
    deliberation: Deliberation
    ruling: Ruling
    headline: Headline
    decided_by: str
    packages: Mapping[str, str] = field(default_factory=dict)
