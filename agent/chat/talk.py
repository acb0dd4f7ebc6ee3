"""One question of a conversation: by the LLM with read tools where one is configured, else by the plain commands.

Whatever the LLM does, there is an answer: an error, a garbled one or a figure that no tool gave makes room for the
plain sentences of the same tools.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool

from agent.chat.memory import Conversations, Turn
from agent.chat.plain import HELP, sentences_of, understand
from agent.chat.tools import Snapshot, chat_tools
from agent.deliberation.budget import Allowance, BudgetMiddleware, Price, Spent
from agent.deliberation.grounding import numbers_of, ungrounded
from agent.deliberation.prompts import Prompts
from agent.record.canonical import to_plain

SYSTEM = "chat_system.md.j2"
RECURSION_LIMIT = 25
_NUMBER = re.compile(r"\d+(?:\.\d+)?")

OpenModel = Callable[[], AbstractAsyncContextManager[BaseChatModel]]


class EventKind(StrEnum):
    TOOL_STARTED = "tool_started"
    TOOL_FINISHED = "tool_finished"
    TEXT = "text"
    FINAL = "final"


@dataclass(frozen=True, kw_only=True)
class ChatEvent:
    kind: EventKind
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Mind:
    """The LLM of a conversation and what one question may cost."""

    open_model: OpenModel
    allowance: Callable[[], Allowance]
    price: Price = field(default_factory=Price)
    max_calls: int = 8
    wall_clock_seconds: float = 60.0


@dataclass
class _Heard:
    """What the tools gave while one question was answered."""

    results: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def add(self, tool: str, text: str) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(text)
        self.results.append((tool, result))
        self.texts.append(text)
        return result


@dataclass(frozen=True, kw_only=True)
class Chat:
    """Answers questions about one model. `look` gives a fresh snapshot and its read tools for each question."""

    look: Callable[[], tuple[Snapshot, list[BaseTool]]]
    conversations: Conversations
    title: str
    mind: Mind | None = None
    prompts: Prompts = field(default_factory=Prompts)

    async def ask(self, question: str, conversation: str) -> AsyncIterator[ChatEvent]:
        """The events of one question, the last one `final` with the whole answer. Raises ConversationError."""
        turns = self.conversations.turns(conversation)
        snapshot, read_tools = await asyncio.to_thread(self.look)
        tools, heard = chat_tools(snapshot, read_tools), _Heard()
        asked = understand(question, turns[-1].topic if turns else None)
        final: dict[str, Any] = {}
        answering = self._think(question, turns, snapshot, tools, heard) if self.mind else _plainly(asked, tools, heard)
        async for event in answering:
            if event.kind is EventKind.FINAL:
                final = dict(event.data)
            else:
                yield event
        if final.get("answer") is None:
            async for event in _plainly(asked, tools, heard):
                if event.kind is not EventKind.FINAL:
                    yield event
                else:
                    final["answer"] = event.data["answer"]
        turn = Turn(question=question, answer=final["answer"], topic=asked.topic if asked else None)
        await asyncio.to_thread(self.conversations.add, conversation, turn)
        yield ChatEvent(kind=EventKind.FINAL, data={"conversation": conversation, "note": None, **final})

    async def _think(
        self, question: str, turns: Sequence[Turn], snapshot: Snapshot, tools: Mapping[str, BaseTool], heard: _Heard
    ) -> AsyncIterator[ChatEvent]:
        """The LLM's way. Its `final` has no answer where the plain sentences must stand in, and says why in `note`."""
        said = ""
        try:
            async for event in self._stream(question, turns, snapshot, tools, heard):
                if event.kind is EventKind.TEXT:
                    said = event.data["text"]
                else:
                    yield event
        except Exception as error:  # noqa: BLE001  the LLM's edge: whatever fails, the tools still answer
            yield _final(None, "tools", f"The LLM did not answer ({type(error).__name__}); this is what the tools say.")
            return
        loose = _not_given(said, question, turns, snapshot, heard)
        if not said.strip() or loose:
            why = f"named figures that no tool gave ({', '.join(loose)})" if loose else "was empty"
            yield _final(None, "tools", f"The LLM's answer {why}; this is what the tools say.")
            return
        yield ChatEvent(kind=EventKind.TEXT, data={"text": said})
        yield _final(said, "llm", None)

    async def _stream(
        self, question: str, turns: Sequence[Turn], snapshot: Snapshot, tools: Mapping[str, BaseTool], heard: _Heard
    ) -> AsyncIterator[ChatEvent]:
        from langchain.agents import create_agent
        from langchain.agents.middleware import ModelCallLimitMiddleware

        assert self.mind is not None
        spent = Spent(price=self.mind.price)
        limit_calls: Any = ModelCallLimitMiddleware(run_limit=self.mind.max_calls, exit_behavior="error")
        async with asyncio.timeout(self.mind.wall_clock_seconds), self.mind.open_model() as model:
            agent: Any = create_agent(
                model,
                list(tools.values()),
                system_prompt=self.prompts.render(SYSTEM, title=self.title, rules=snapshot.rules),
                middleware=[limit_calls, BudgetMiddleware(self.mind.allowance(), spent)],
            )
            messages = [*_remembered(turns), HumanMessage(question)]
            config = {"recursion_limit": RECURSION_LIMIT}
            async for update in agent.astream({"messages": messages}, config=config, stream_mode="updates"):
                for message in _messages(update):
                    for event in _events(message, heard):
                        yield event


async def _plainly(asked: Any, tools: Mapping[str, BaseTool], heard: _Heard) -> AsyncIterator[ChatEvent]:
    """The plain way: the tools that the question asks for, then their sentences; what was heard is not asked again."""
    known = {tool for tool, _ in heard.results}
    for call in asked.calls if asked else ():
        if call.tool in known:
            continue
        yield ChatEvent(kind=EventKind.TOOL_STARTED, data={"tool": call.tool, "arguments": dict(call.wanted)})
        result = heard.add(call.tool, await asyncio.to_thread(tools[call.tool].invoke, dict(call.wanted)))
        yield ChatEvent(kind=EventKind.TOOL_FINISHED, data={"tool": call.tool, "status": result["status"]})
    answer = sentences_of(heard.results) or HELP
    yield ChatEvent(kind=EventKind.TEXT, data={"text": answer})
    yield _final(answer, "tools", None)


def _final(answer: str | None, by: str, note: str | None) -> ChatEvent:
    return ChatEvent(kind=EventKind.FINAL, data={"answer": answer, "by": by, "note": note})


def _remembered(turns: Sequence[Turn]) -> list[AnyMessage]:
    return [message for turn in turns for message in (HumanMessage(turn.question), AIMessage(turn.answer))]


def _messages(update: Mapping[str, Any]) -> list[AnyMessage]:
    return [message for part in update.values() if isinstance(part, Mapping) for message in part.get("messages", ())]


def _events(message: AnyMessage, heard: _Heard) -> list[ChatEvent]:
    if isinstance(message, AIMessage) and message.tool_calls:
        calls = [{"tool": call["name"][:60], "arguments": call["args"]} for call in message.tool_calls]
        return [ChatEvent(kind=EventKind.TOOL_STARTED, data=call) for call in calls]
    if isinstance(message, ToolMessage):
        name = str(message.name)
        try:
            status = heard.add(name, str(message.content))["status"]
        except (ValueError, KeyError):
            status = "error"
        return [ChatEvent(kind=EventKind.TOOL_FINISHED, data={"tool": name, "status": status})]
    return [ChatEvent(kind=EventKind.TEXT, data={"text": str(message.text)})] if isinstance(message, AIMessage) else []


def _not_given(said: str, question: str, turns: Sequence[Turn], snapshot: Snapshot, heard: _Heard) -> list[str]:
    """Figures that stand neither in a tool's answer of this conversation, nor in the question, nor in the policy."""
    known = numbers_of([result for _, result in heard.results]) | numbers_of(to_plain(snapshot.rules), "rules")
    texts = " ".join((*heard.texts, question, *(turn.answer for turn in turns)))
    known |= {f"text.{place}.version": float(one) for place, one in enumerate(_NUMBER.findall(texts))}
    return ungrounded(said, known)
