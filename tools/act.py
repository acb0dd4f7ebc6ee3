"""Acting tools: they do nothing by themselves. In the loop a request joins the proposal; in chat it opens a decision.

The answer says what became of it: recorded, queued_for_approval, or refused with the rule. The functions that really
act are in hands.py, behind rule, record and act.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict, Field

from pipeline.training.choice import WHOLE, TrainingChoice, TrainingWindow
from tools.result import ToolResult, ToolStatus, refused

REQUESTS: Mapping[str, tuple[str, str]] = {
    "request_retraining": (
        "retrain",
        "Ask for a retraining that includes the new labelled rows, then the gate.",
    ),
    "request_promotion": ("promote", "Ask for the promotion of the challenger that passed the gate."),
    "request_rollback": ("roll_back", "Ask to make the previous champion the champion again."),
    "request_labels": ("request_labels", "Ask people to label recent messages."),
    "raise_alert": ("alert", "Tell people that something is wrong."),
}


class Requests(Protocol):
    """Where requests go. `candidates` are the names that a retraining may choose from; `how` is said to the model."""

    @property
    def candidates(self) -> tuple[str, ...]: ...

    @property
    def how(self) -> str: ...

    def request(self, action: str) -> ToolResult: ...

    def request_retraining(self, candidates: list[str], window: TrainingWindow) -> ToolResult: ...


@dataclass
class Basket:
    """What was asked for in one deliberation. The same request twice is one request.

    `permitted` are the action names that the policy permits; `rules` names the rule that forbids an action.
    `candidates` are the names that a retraining may choose from; the last `choice` counts.
    """

    permitted: frozenset[str]
    rules: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    requested: set[str] = field(default_factory=set)
    candidates: tuple[str, ...] = ()
    choice: TrainingChoice | None = None
    how: str = "Nothing happens at once: the request joins your proposal and the policy decides."

    def request(self, action: str) -> ToolResult:
        """Add an action to the proposal. A refused one is added too: the ruling refuses it on the record."""
        self.requested.add(action)
        if action in self.permitted:
            return ToolResult(status=ToolStatus.OK, data={"recorded": action})
        rule, reason = self.rules.get(action, ("permitted", "No rule permits this on the present evidence."))
        return refused(reason, rule)

    def request_retraining(self, candidates: list[str], window: TrainingWindow) -> ToolResult:
        """A retraining with a choice. An unknown candidate refuses the choice, and the retraining with it."""
        chosen = choice_among(self.candidates, candidates, window)
        if isinstance(chosen, ToolResult):
            return chosen
        self.choice = None if chosen == WHOLE else chosen
        return self.request("retrain")


def choice_among(
    known: Sequence[str], candidates: Sequence[str], window: TrainingWindow
) -> TrainingChoice | ToolResult:
    """What a retraining is asked to be done with; a candidate that does not exist refuses it."""
    unknown = [name for name in candidates if name not in known]
    if unknown:
        there = ", ".join(known) or "none"
        return refused(f"{len(unknown)} of the candidates do not exist. There are: {there}.", "unknown_candidate")
    return TrainingChoice(candidates=tuple(sorted(set(candidates))), window=window)


class Request(BaseModel):
    """Why, for the record; nothing is decided on these words."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field("", max_length=300, description="One sentence that cites evidence fields.")


class RetrainingRequest(Request):
    """Which candidates to search and which labelled production rows to learn from."""

    candidates: list[str] = Field(default_factory=list, max_length=20, description="Names; empty: all of them.")
    window: TrainingWindow = Field(TrainingWindow.ALL, description="all, or recent: only the newest window of rows.")


def act_tools(requests: Requests) -> list[BaseTool]:
    """The acting tools; what they are asked for goes to `requests`."""
    return [_tool(name, action, words, requests) for name, (action, words) in REQUESTS.items()]


def _tool(name: str, action: str, words: str, requests: Requests) -> BaseTool:
    def answer(reason: str = "") -> str:
        return requests.request(action).as_json()

    def retraining(
        reason: str = "", candidates: Sequence[str] = (), window: TrainingWindow = TrainingWindow.ALL
    ) -> str:
        return requests.request_retraining(list(candidates), TrainingWindow(window)).as_json()

    retrains = action == "retrain"
    if retrains and requests.candidates:
        words = f"{words} Candidates: {', '.join(requests.candidates)}."
    return StructuredTool.from_function(
        func=retraining if retrains else answer,
        name=name,
        description=f"{words} {requests.how}",
        args_schema=RetrainingRequest if retrains else Request,
        infer_schema=False,
    )
