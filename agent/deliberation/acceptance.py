"""The one entrance for what a deciding model says: an answer is accepted here whole, or refused with a reason code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage
from pydantic import BaseModel, ConfigDict, Field

from agent.actions import Action
from agent.decision import Bounds, Evidence, PolicyRules
from agent.deliberation.grounding import facts, field_names, ungrounded
from agent.deliberation.proposal import Diagnosis, Proposal, ReasonCode
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


def accept(
    state: Mapping[str, Any],
    requested: frozenset[Action],
    evidence: Evidence,
    rules: PolicyRules,
    limits: Bounds,
    choice: TrainingChoice | None = None,
) -> Proposal | Refused:
    """The proposal in the last state of a run, together with what was requested through tools; or why there is none."""
    messages = [message for message in state.get("messages", ()) if isinstance(message, AIMessage)]
    answer = state.get("structured_response")
    fault = _fault(messages, answer)
    if fault is not None or not isinstance(answer, ProposedDecision):
        return fault or Refused(ReasonCode.NO_STRUCTURED)
    loose = _ungrounded(answer, evidence, rules, limits)
    if loose:
        return Refused(ReasonCode.UNGROUNDED_NUMBER, f"not in the evidence: {', '.join(loose)}")
    return Proposal(
        actions=frozenset(answer.actions) | requested,
        defer=frozenset(answer.defer),
        diagnosis=answer.diagnosis,
        reasons=tuple(f"{reason.text} ({reason.evidence_field})" for reason in answer.reasons),
        confidence=answer.confidence,
        candidates=choice.candidates if choice else None,
        window=choice.window if choice else None,
    )


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


def _ungrounded(answer: ProposedDecision, evidence: Evidence, rules: PolicyRules, limits: Bounds) -> list[str]:
    """Numbers that are not in the evidence, and cited fields that do not exist (by position: the name is not ours)."""
    known, fields = facts(evidence, rules, limits), field_names(evidence)
    numbers = [number for reason in answer.reasons for number in ungrounded(reason.text, known)]
    strangers = [
        f"the field of reason {place}"
        for place, reason in enumerate(answer.reasons, 1)
        if reason.evidence_field not in fields
    ]
    return numbers + strangers
