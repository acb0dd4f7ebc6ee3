"""A chat model that says what a test tells it to, and an assistant around it."""

from contextlib import asynccontextmanager
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from agent.deliberation.assistant import Assistant
from agent.deliberation.budget import Allowance


class Scripted(BaseChatModel):
    """Pops the next message; the last one is repeated."""

    script: list[Any]
    seen: list[list[BaseMessage]]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_: Any) -> "Scripted":
        return self

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        self.seen.append(list(messages))
        said = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(said, BaseException):
            raise said
        return ChatResult(generations=[ChatGeneration(message=said.model_copy(update={"id": None}))])


def says(*calls: tuple[str, dict[str, Any]], text: str = "", finish: str = "stop", **more: Any) -> AIMessage:
    listed = [{"name": name, "args": args, "id": f"c{number}"} for number, (name, args) in enumerate(calls)]
    return AIMessage(content=text, tool_calls=listed, response_metadata={"finish_reason": finish}, **more)


def proposed(**changes: Any) -> dict[str, Any]:
    """The arguments of a whole ProposedDecision that cites the documented example."""
    return {
        "diagnosis": "new_campaign",
        "actions": ["retrain"],
        "defer": [],
        "reasons": [{"evidence_field": "drift.tfidf_drift", "text": "tfidf_drift is 0.18."}],
        "confidence": 0.8,
    } | changes


def assistant(*script: Any, **changes: Any) -> Assistant:
    model = Scripted(script=list(script), seen=[])

    @asynccontextmanager
    async def opened():
        yield model

    parts: dict[str, Any] = {
        "open_model": opened,
        "llm_name": "scripted",
        "title": "SMS spam",
        "read_tools": lambda evidence, rules: [],
        "allowance": lambda: Allowance(calls=100, tokens=100_000, usd=1.0),
    }
    made = Assistant(**parts | changes)
    object.__setattr__(made, "seen", model.seen)  # what the model was shown, for the test to read
    return made
