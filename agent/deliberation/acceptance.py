"""The one entrance for what a deciding model says: its structure is accepted here whole, or refused with a reason code.

A reason in words counts only where every number in it stands in the evidence. Another one is replaced by the rule's own
sentence, and said so: what was proposed is bounded by the policy, not by the words beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage
from pydantic import BaseModel, ConfigDict, Field

from agent.actions import Action
from agent.decision import Bounds, PolicyRules
from agent.deliberation.grounding import facts, field_names, ungrounded
from agent.deliberation.proposal import Diagnosis, Proposal, ReasonCode
from agent.evidence import Evidence
from pipeline.training.choice import TrainingChoice

COMPLETE = ("stop", "tool_calls")


class CitedReason(BaseModel):
    """A reason that rests on one evidence field."""

    model_config = ConfigDict(extra="forbid")
    evidence_field: str = Field(max_length=80, description="The evidence field it rests on, e.g. drift.tfidf_drift.")
    text: str = Field(min_length=1, max_length=400, description="One sentence with the field's number as it stands.")


class ProposedDecision(BaseModel):
    """What is wrong and what to do about it, within the bounds."""

    model_config = ConfigDict(extra="forbid")
    diagnosis: Diagnosis
    actions: list[Action] = Field(max_length=7, description="What to do; empty or hold: nothing beyond the required.")
    defer: list[Action] = Field(default_factory=list, max_length=7, description="Deferrable actions to put off.")
    reasons: list[CitedReason] = Field(min_length=1, max_length=6)
    confidence: float = Field(ge=0, le=1, allow_inf_nan=False)


@dataclass(frozen=True)
class Refused:
    """Why an answer was not accepted. `detail` is made of our words and numbers, not of the answer's text."""

    code: ReasonCode
    detail: str | None = None


@dataclass(frozen=True)
class Accepted:
    """A proposal. `loose` are the numbers and fields of its reasons that the evidence does not have."""

    proposal: Proposal
    loose: tuple[str, ...] = ()

    @property
    def code(self) -> ReasonCode | None:
        return ReasonCode.UNGROUNDED_NUMBER if self.loose else None

    @property
    def detail(self) -> str | None:
        if not self.loose:
            return None
        return f"not in the evidence, so the rule's own sentence stands instead: {', '.join(self.loose)}"


def accept(
    state: Mapping[str, Any],
    requested: frozenset[Action],
    evidence: Evidence,
    rules: PolicyRules,
    limits: Bounds,
    choice: TrainingChoice | None = None,
) -> Accepted | Refused:
    """The proposal in the last state of a run, together with what was requested through tools; or why there is none."""
    messages = [message for message in state.get("messages", ()) if isinstance(message, AIMessage)]
    answer = state.get("structured_response")
    fault = _fault(messages, answer)
    if fault is not None or not isinstance(answer, ProposedDecision):
        return fault or Refused(ReasonCode.NO_STRUCTURED)
    actions = frozenset(answer.actions) | requested
    loose = _loose(answer.reasons, evidence, rules, limits)
    own = [reason for reason, faults in zip(answer.reasons, loose, strict=True) if not faults]
    proposal = Proposal(
        actions=actions,
        defer=frozenset(answer.defer),
        diagnosis=answer.diagnosis,
        reasons=tuple(f"{reason.text} ({reason.evidence_field})" for reason in own),
        confidence=answer.confidence,
        candidates=choice.candidates if choice else None,
        window=choice.window if choice else None,
        replaced=_sentences(limits, actions | frozenset(answer.defer)) if any(loose) else None,
    )
    return Accepted(proposal, tuple(fault for faults in loose for fault in faults))


def _fault(messages: list[AIMessage], answer: object) -> Refused | None:
    """What is wrong with the messages themselves; an answer that looks whole may hide a broken one before it."""
    if not messages:
        return Refused(ReasonCode.LLM_GARBAGE, "no answer")
    reasons = [message.response_metadata.get("finish_reason") for message in messages]
    if "length" in reasons:
        return Refused(ReasonCode.TRUNCATED)
    if any(reason not in COMPLETE for reason in reasons):
        return Refused(ReasonCode.LLM_GARBAGE, "an answer without a regular end")
    if any(message.invalid_tool_calls for message in messages):
        return Refused(ReasonCode.LLM_GARBAGE, "a tool call that is no JSON")
    if answer is None:
        last = messages[-1]
        empty = not last.tool_calls and not str(last.content).strip()
        return Refused(ReasonCode.LLM_GARBAGE, "an empty answer") if empty else Refused(ReasonCode.NO_STRUCTURED)
    return None


def _loose(
    reasons: Sequence[CitedReason], evidence: Evidence, rules: PolicyRules, limits: Bounds
) -> list[tuple[str, ...]]:
    """For each reason, its numbers that are not in the evidence, and a cited field that does not exist.

    A field is named by the place of its reason: its name is not ours.
    """
    known, fields = facts(evidence, rules, limits), field_names(evidence)

    def faults(place: int, reason: CitedReason) -> tuple[str, ...]:
        stranger = () if reason.evidence_field in fields else (f"the field of reason {place}",)
        return (*ungrounded(reason.text, known), *stranger)

    return [faults(place, reason) for place, reason in enumerate(reasons, 1)]


def _sentences(limits: Bounds, concerned: frozenset[Action]) -> tuple[str, ...]:
    """The rules' own sentences about the actions concerned; all of them where none speaks of these."""
    about = [fired for fired in limits.fired if concerned & (fired.requires | fired.permits | fired.forbids)]
    return tuple(fired.sentence for fired in about or limits.fired)
