"""Recomputes recorded decisions without the LLM and compares: the same bounds, the same effective actions."""

from dataclasses import dataclass

from sqlalchemy import Engine

from agent.actions import Actions
from agent.decision import Bounds, Decision, Ruling
from agent.errors import LedgerError
from agent.record import ledger
from agent.record.canonical import canonical_json, sha256_of
from agent.record.codec import decision_of
from agent.rules import policy
from agent.rules.guardrails import rule


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a recorded decision gives when it is made again from its own evidence, rules and proposal."""

    decision_id: str
    recorded: Actions
    replayed: Actions
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.differences


def replay(control: Engine, decision_id: str) -> Replay:
    """Replay one decision of the ledger. Raises LedgerError when there is none, or its policy is not known here."""
    return replay_decision(decision_of(ledger.entries_of(control, decision_id)[0]))


def replay_decision(decision: Decision) -> Replay:
    version = decision.policy_version
    if version not in policy.RULES_OF:
        raise LedgerError(
            f"Decision {decision.decision_id} was made under policy {decision.policy_version}, which this release "
            f"does not hold ({', '.join(policy.RULES_OF)}). Replay it with the release that made it."
        )
    limits = policy.bounds(decision.evidence, decision.rules, version)
    ruling = rule(limits, decision.deliberation.proposal, decision.ruling.autonomy)
    pairs = {
        "evidence hash": (decision.evidence_hash, sha256_of(decision.evidence)),
        "policy hash": (decision.policy_hash, policy.policy_hash(decision.rules, version)),
        "bounds": (_bounds(decision.bounds), _bounds(limits)),
        "ruling": (_ruling(decision.ruling), _ruling(ruling)),
    }
    return Replay(
        decision_id=decision.decision_id,
        recorded=decision.ruling.effective,
        replayed=ruling.effective,
        differences=tuple(name for name, (recorded, again) in pairs.items() if recorded != again),
    )


def _bounds(limits: Bounds) -> str:
    """What bounds mean; the wording of their sentences may improve from release to release."""
    effects = [[fired.rule, fired.requires, fired.defers, fired.permits, fired.forbids] for fired in limits.fired]
    return canonical_json([limits.required, limits.deferrable, limits.permitted, limits.triggers, effects])


def _ruling(ruling: Ruling) -> str:
    refused = [[refusal.action, refusal.guardrail] for refusal in ruling.refusals]
    return canonical_json([ruling.effective, ruling.do, ruling.wait, ruling.say, ruling.deferred, refused])
