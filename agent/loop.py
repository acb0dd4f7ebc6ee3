"""The loop: observe, judge, deliberate, rule, record, act. One pass for one model, under its lease."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from importlib import metadata
from threading import BoundedSemaphore
from time import thread_time
from typing import Protocol
from uuid import uuid4

from agent.acting import leases
from agent.acting.effects import Effects, Spent, Step, no_step
from agent.acting.leases import Lease
from agent.acting.rollouts import note_rollouts
from agent.actions import Autonomy
from agent.decision import Bounds, Decision, PolicyRules
from agent.deliberation.proposal import Deliberation, ReasonCode
from agent.evidence import DataStatus, Evidence
from agent.observability.log_lines import bound
from agent.observability.spans import note, span
from agent.observing.evidence import Observation
from agent.record import ledger
from agent.record.canonical import sha256_of
from agent.record.codec import decision_of
from agent.record.ledger import ClosedUpTo, Entry, EntryKind
from agent.record.outcomes import append_outcome
from agent.rules.choices import bounded
from agent.rules.guardrails import rule
from agent.rules.policy import POLICY_VERSION, bounds, policy_hash
from pipeline.clock import Clock
from pipeline.monitoring.window import Window, has_report, save_report
from pipeline.spec import ModelSpec
from pipeline.store.open import Store
from tools.hands import Hands

# Whose versions a reader of a decision may want to know.
PACKAGES = ("langchain", "langchain-openai", "scikit-learn", "numpy", "mlflow")
# A scheduled look uses its window up once the window was full, whatever could be said about it.
LOOKED = (DataStatus.TOO_FEW, DataStatus.LOW_POWER, DataStatus.SUFFICIENT)


# So many models of a process are measured at a time. More would wait for the processor all the same, and hold their
# windows and artefacts meanwhile; when an agent starts, every model is due.
MEASURING = BoundedSemaphore(8)


class Observes(Protocol):
    def observe(self, now: datetime, *, scheduled: bool) -> Observation: ...


class Deliberates(Protocol):
    """The deciding model behind its one entrance; it never raises."""

    def deliberate(self, evidence: Evidence, limits: Bounds, rules: PolicyRules) -> Deliberation: ...


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What one pass came to. `recorded` is False for a dry run; `resumed` decisions were left over from before."""

    decision: Decision
    observation: Observation
    recorded: bool
    closed: bool = True
    events: tuple[Entry, ...] = ()
    resumed: tuple[str, ...] = ()


def holder_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, kw_only=True)
class Loop:
    """All that one pass needs. Tests pass fakes of the protocols and a clock of their own."""

    store: Store
    spec: ModelSpec
    observer: Observes
    hands: Hands
    clock: Clock
    autonomy: Autonomy = Autonomy.ACT
    assistant: Deliberates | None = None
    holder: str = field(default_factory=holder_name)
    lease_ttl: timedelta = timedelta(seconds=60)
    approval_valid_for: timedelta = timedelta(hours=24)
    max_effect_attempts: int = 3
    tell_again_after: timedelta = timedelta(hours=24)
    step: Step = no_step
    closed: dict[str, ClosedUpTo] = field(default_factory=dict)

    def check(self, *, scheduled: bool = False) -> Pass:
        """One pass. Raises BusyError when another agent works on this model."""
        with (
            bound(model=self.spec.name),
            span("pass", model=self.spec.name, scheduled=scheduled) as seen,
            self._lease() as lease,
        ):
            resumed, before = self._resume(lease), thread_time()
            note_rollouts(self.store.control, self.hands, self.spec.name, self.clock())
            self.step("resumed")
            decision, observation = self.decide(scheduled=scheduled)
            self.step("decided")
            append_outcome(self.store.control, decision.evidence, self.clock())
            decision = self._record(decision)
            self.step("recorded")
            note(seen, decision_id=decision.decision_id, headline=decision.headline, decided_by=decision.decided_by)
            closed = self._follow(decision, observation, lease, lambda: {"cpu_seconds": thread_time() - before})
        entries = tuple(ledger.entries_of(self.store.control, decision.decision_id)[1:])
        return Pass(
            decision=decision,
            observation=observation,
            recorded=True,
            closed=closed,
            events=entries,
            resumed=tuple(resumed),
        )

    def dry_run(self, *, scheduled: bool = False) -> Pass:
        """What a pass would decide now. It records nothing, does nothing and needs no lease."""
        decision, observation = self.decide(scheduled=scheduled)
        return Pass(decision=decision, observation=observation, recorded=False)

    def resume(self) -> list[str]:
        """Carry out what earlier passes left undone, such as what a person has approved since."""
        with self._lease() as lease:
            return self._resume(lease)

    def decide(self, *, scheduled: bool) -> tuple[Decision, Observation]:
        """Observe, judge, deliberate, rule; nothing is recorded or done yet."""
        with MEASURING:
            now = self.clock()
            observation = self.observer.observe(now, scheduled=scheduled)
        self.step("observed")
        rules = PolicyRules(monitoring=self.spec.monitoring, retraining=self.spec.retraining)
        limits = bounds(observation.evidence, rules)
        thought = Deliberation()
        if self.assistant is not None:
            names = frozenset(self.spec.candidate_names)
            thought = self.assistant.deliberate(observation.evidence, limits, rules)
            thought = bounded(thought, observation.evidence, names)
        return decision_from(observation.evidence, rules, limits, thought, self.autonomy, now, scheduled), observation

    def _lease(self) -> leases.Holding:
        return leases.held(self.store.control, f"model:{self.spec.name}", self.holder, self.clock, self.lease_ttl)

    def _record(self, decision: Decision) -> Decision:
        """Write the decision. A scheduled window is decided on once: a second decision gives way to the first."""
        entry = ledger.append(
            self.store.control,
            decision_id=decision.decision_id,
            model=decision.model,
            kind=EntryKind.DECISION,
            at=decision.at,
            body=decision,
            key=look_key(decision),
        )
        return decision if entry.decision_id == decision.decision_id else decision_of(entry)

    def _resume(self, lease: Lease) -> list[str]:
        unfinished = ledger.unfinished(self.store.control, self.spec.name, self.closed)
        left = [decision_of(entry) for entry in unfinished]
        for decision in left:
            self._follow(decision, None, lease)
        return [decision.decision_id for decision in left]

    def _follow(self, decision: Decision, observation: Observation | None, lease: Lease, spent: Spent = dict) -> bool:
        self._keep_report(decision, observation)
        self.step("reported")
        with bound(model=decision.model, decision_id=decision.decision_id):
            return self._effects(lease, spent).carry_out(decision)

    def _effects(self, lease: Lease, spent: Spent) -> Effects:
        def still_mine() -> None:
            leases.renew(self.store.control, lease, self.clock(), self.lease_ttl)

        return Effects(
            control=self.store.control,
            hands=self.hands,
            autonomy=self.autonomy,
            clock=self.clock,
            still_mine=still_mine,
            approval_valid_for=self.approval_valid_for,
            max_attempts=self.max_effect_attempts,
            tell_again_after=self.tell_again_after,
            step=self.step,
            spent=spent,
        )

    def _keep_report(self, decision: Decision, observation: Observation | None) -> None:
        """Keep the report of the window, once; a scheduled one uses the window up, after the decision is safe."""
        drift = decision.evidence.drift
        if drift.from_seq is None or drift.to_seq is None or drift.status not in LOOKED:
            return
        if has_report(
            self.store.telemetry,
            model=decision.model,
            scheduled=decision.scheduled,
            to_seq=drift.to_seq,
            decision_id=decision.decision_id,
        ):
            return
        seen = observation or Observation(evidence=decision.evidence)
        window = seen.window or Window(
            from_seq=drift.from_seq, to_seq=drift.to_seq, predictions=(), first_at=None, last_at=None
        )
        save_report(
            self.store.telemetry,
            model=decision.model,
            generation=decision.evidence.champion.generation,
            scheduled=decision.scheduled,
            window=window,
            at=decision.at,
            body=seen.report_body(decision.decision_id),
        )


def decision_from(
    evidence: Evidence,
    rules: PolicyRules,
    limits: Bounds,
    thought: Deliberation,
    autonomy: Autonomy,
    now: datetime,
    scheduled: bool = False,
) -> Decision:
    """The decision for what was seen and thought; its reason code says when guardrails took from a proposal."""
    ruling = rule(limits, thought.proposal, autonomy)
    if thought.proposal is not None and ruling.refusals:
        thought = replace(thought, reason_code=thought.reason_code or ReasonCode.POLICY_CLAMPED)
    return Decision(
        decision_id=uuid4().hex[:12],
        model=evidence.model,
        at=now,
        scheduled=scheduled,
        evidence=evidence,
        evidence_hash=sha256_of(evidence),
        rules=rules,
        policy_version=POLICY_VERSION,
        policy_hash=policy_hash(rules),
        bounds=limits,
        deliberation=thought,
        ruling=ruling,
        headline=ruling.headline,
        decided_by=thought.decided_by,
        packages=dict(_installed()),
    )


@cache
def _installed() -> Mapping[str, str]:
    """The versions of PACKAGES in this process. Asked once: each answer is read from a file."""
    return {name: metadata.version(name) for name in PACKAGES}


def look_key(decision: Decision) -> str | None:
    """One decision for one scheduled window of one promotion generation; manual checks may repeat."""
    drift = decision.evidence.drift
    if not decision.scheduled or drift.from_seq is None or drift.status not in LOOKED:
        return None
    return f"look:{decision.model}:{decision.evidence.champion.generation}:{drift.from_seq}-{drift.to_seq}"
