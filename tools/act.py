"""Acting tools of the deciding model: a request joins the proposal, the policy decides, and nothing is done here.

The answer says what became of it: recorded, or refused with the rule. The functions that really act are in hands.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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

    def request(self, action: str) -> ToolResult:
        """Add an action to the proposal. A refused one is added too: the ruling refuses it on the record."""
        self.requested.add(action)
        if action in self.permitted:
            return ToolResult(status=ToolStatus.OK, data={"recorded": action})
        rule, reason = self.rules.get(action, ("permitted", "No rule permits this on the present evidence."))
        return refused(reason, rule)

    def request_retraining(self, candidates: list[str], window: TrainingWindow) -> ToolResult:
        """A retraining with a choice. An unknown candidate refuses the choice, and the retraining with it."""
        unknown = [name for name in candidates if name not in self.candidates]
        if unknown:
            known = ", ".join(self.candidates) or "none"
            return refused(f"{len(unknown)} of the candidates do not exist. There are: {known}.", "unknown_candidate")
        chosen = TrainingChoice(candidates=tuple(sorted(set(candidates))), window=window)
        self.choice = None if chosen == WHOLE else chosen
        return self.request("retrain")


class Request(BaseModel):
    """Why, for the record; nothing is decided on these words."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field("", max_length=300, description="One sentence that cites evidence fields.")


class RetrainingRequest(Request):
    """Which candidates to search and which labelled production rows to learn from."""

    candidates: list[str] = Field(default_factory=list, max_length=20, description="Names; empty: all of them.")
    window: TrainingWindow = Field(TrainingWindow.ALL, description="all, or recent: only the newest window of rows.")


def act_tools(basket: Basket) -> list[BaseTool]:
    """The acting tools that fill one basket."""
    return [_tool(name, action, words, basket) for name, (action, words) in REQUESTS.items()]


def _tool(name: str, action: str, words: str, basket: Basket) -> BaseTool:
    def answer(reason: str = "") -> str:
        return basket.request(action).as_json()

    def retraining(
        reason: str = "", candidates: Sequence[str] = (), window: TrainingWindow = TrainingWindow.ALL
    ) -> str:
        return basket.request_retraining(list(candidates), TrainingWindow(window)).as_json()

    retrains = action == "retrain"
    if retrains and basket.candidates:
        words = f"{words} Candidates: {', '.join(basket.candidates)}."
    described = f"{words} Nothing happens at once: the request joins your proposal and the policy decides."
    return StructuredTool.from_function(
        func=retraining if retrains else answer,
        name=name,
        description=described,
        args_schema=RetrainingRequest if retrains else Request,
        infer_schema=False,
    )
