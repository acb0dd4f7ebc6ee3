"""What the deciding model would do, and how asking it went. Pure: no clock, no files, no model calls."""

from dataclasses import dataclass, field
from enum import StrEnum

from agent.actions import Actions
from pipeline.records import LATER
from pipeline.training.choice import TrainingWindow


class Diagnosis(StrEnum):
    """What the deciding model believes is wrong."""

    NONE = "none"
    DATA_QUALITY = "data_quality"
    COVARIATE_SHIFT = "covariate_shift"
    NEW_CAMPAIGN = "new_campaign"
    CLASS_MIX = "class_mix"
    CONCEPT_SHIFT = "concept_shift"
    LABEL_DELAY = "label_delay"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What the deciding model would do. `defer` names required actions that it would put off, for `reasons`.

    `candidates` and `window` narrow a retraining; None where nothing was chosen. `reasons` are the model's own;
    `replaced` are the rules' sentences that stand where a reason of its own named what the evidence does not have.
    """

    actions: Actions = frozenset()
    defer: Actions = frozenset()
    diagnosis: Diagnosis = Diagnosis.NONE
    reasons: tuple[str, ...] = ()
    confidence: float | None = None
    candidates: tuple[str, ...] | None = field(default=None, metadata=LATER)
    window: TrainingWindow | None = field(default=None, metadata=LATER)
    replaced: tuple[str, ...] | None = field(default=None, metadata=LATER)

    @property
    def chooses(self) -> bool:
        return self.candidates is not None or self.window is not None


class ReasonCode(StrEnum):
    """Why the rules decided although a deciding model was asked, or what was taken from its answer."""

    LLM_TIMEOUT = "llm_timeout"
    LLM_UNAVAILABLE = "llm_unavailable"
    LLM_GARBAGE = "llm_garbage"
    NO_STRUCTURED = "no_structured"
    TRUNCATED = "truncated"
    BUDGET = "budget"
    POLICY_CLAMPED = "policy_clamped"
    UNGROUNDED_NUMBER = "ungrounded_number"
    ADVICE_ONLY = "advice_only"


@dataclass(frozen=True, kw_only=True)
class Deliberation:
    """What asking the deciding model gave. `proposal` counts for the ruling; `advice` is kept beside it, unused.

    `prompt_version` is None for prompts that no release shipped; `conversation` names the one that asked for the
    decision.
    """

    asked: bool = False
    proposal: Proposal | None = None
    advice: Proposal | None = None
    reason_code: ReasonCode | None = None
    detail: str | None = None
    llm_model: str | None = None
    prompt_sha256: str | None = None
    calls: int = 0
    tool_calls: tuple[str, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    seconds: float | None = None
    trace_id: str | None = None
    prompt_version: str | None = field(default=None, metadata=LATER)
    conversation: str | None = field(default=None, metadata=LATER)

    @property
    def decided_by(self) -> str:
        """Who decided: a request in a conversation, the deciding model, or the rules alone."""
        if self.proposal is None:
            return "rules"
        return "conversation" if self.conversation is not None else "agent"
