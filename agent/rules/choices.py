"""Bounds what a proposal may choose about a retraining. Pure: no clock, no files, no model calls."""

from dataclasses import replace

from agent.deliberation.proposal import Deliberation, Proposal, ReasonCode
from agent.evidence import Evidence
from agent.rules.wording import fruitless_words
from pipeline.training.choice import WHOLE, TrainingChoice


def bounded(thought: Deliberation, evidence: Evidence, candidates: frozenset[str]) -> Deliberation:
    """The deliberation without a choice that may not be made; its detail says why, in our words."""
    proposal = thought.proposal
    reason = why_not(proposal, evidence, candidates) if proposal is not None else None
    if proposal is None or reason is None:
        return thought
    whole = replace(proposal, candidates=None, window=None)
    code, detail = thought.reason_code or ReasonCode.POLICY_CLAMPED, "; ".join(filter(None, (thought.detail, reason)))
    return replace(thought, proposal=whole, reason_code=code, detail=detail)


def why_not(proposal: Proposal, evidence: Evidence, candidates: frozenset[str]) -> str | None:
    """Why the choice is set aside, and the retraining is whole; None when it counts, or none was made.

    A narrowed search may miss what a whole one finds, and the retraining may be a required one. So a choice counts
    only while no retraining was fruitless: a bad or hostile one costs one attempt, and the gate bounds what it can do.
    """
    if not proposal.chooses:
        return None
    unknown = [name for name in proposal.candidates or () if name not in candidates]
    if unknown:
        return f"the choice of candidates was set aside: {len(unknown)} of them do not exist"
    fruitless = evidence.training.fruitless_in_a_row
    if fruitless:
        return f"the choice of candidates and window was set aside: {fruitless_words(fruitless)}"
    return None


def choice_of(proposal: Proposal | None) -> TrainingChoice:
    """What a retraining is carried out with."""
    if proposal is None:
        return WHOLE
    return TrainingChoice(candidates=proposal.candidates or (), window=proposal.window or WHOLE.window)
