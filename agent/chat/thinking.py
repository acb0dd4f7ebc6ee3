"""The LLM's way to an answer: tools, limits, and every figure held against what the tools gave."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.tools import BaseTool

from agent.chat.citing import not_given
from agent.chat.events import ChatEvent, EventKind, Heard, final
from agent.chat.memory import Conversations, Turn
from agent.chat.reading import Reader, reading_tool
from agent.chat.sitting import DEMOTED, Sitting
from agent.chat.streaming import events_of, messages_of
from agent.deliberation.assistant import RECURSION_LIMIT, OpenModel
from agent.deliberation.budget import Allowance, BudgetMiddleware, Price, Spent
from agent.deliberation.grounding import numbers_of
from agent.deliberation.prompts import Prompts
from agent.record.canonical import to_plain
from agent.record.usage import Usage
from tools.act import act_tools

SYSTEM = "chat_system.md.j2"
# Counts against the limit of the day what a question of a conversation took.
NoteSpent = Callable[[str, datetime, Usage], None]


@dataclass(frozen=True, kw_only=True)
class Mind:
    """The LLM of a conversation and what one question may cost. One that only advises may ask for nothing."""

    open_model: OpenModel
    allowance: Callable[[], Allowance]
    note_spent: NoteSpent
    llm_name: str = ""
    price: Price = field(default_factory=Price)
    max_calls: int = 8
    wall_clock_seconds: float = 60.0
    advice_only: Callable[[], bool] = lambda: False
    messages: Callable[[int], Sequence[str]] | None = None


@dataclass(frozen=True, kw_only=True)
class Thinking:
    """One question put to the LLM. `spent` counts what it takes."""

    mind: Mind
    sitting: Sitting
    heard: Heard
    conversations: Conversations
    title: str
    prompts: Prompts
    spent: Spent

    async def events(self) -> AsyncIterator[ChatEvent]:
        """The `final` one has no answer where the plain sentences must stand in, and says why in `note`."""
        said = ""
        try:
            async for event in self._stream():
                if event.kind is EventKind.TEXT:
                    said = event.data["text"]
                else:
                    yield event
        except Exception as error:  # noqa: BLE001  the LLM's edge: whatever fails, the tools still answer
            yield final(None, "tools", f"The LLM did not answer ({type(error).__name__}); this is what the tools say.")
            return
        loose = self._not_given(said)
        if not said.strip() or loose:
            why = f"named figures that no tool gave ({', '.join(loose)})" if loose else "was empty"
            yield final(None, "tools", f"The LLM's answer {why}; this is what the tools say.")
            return
        yield ChatEvent(kind=EventKind.TEXT, data={"text": said})
        yield final(said, "llm", None)

    async def _stream(self) -> AsyncIterator[ChatEvent]:
        async with asyncio.timeout(self.mind.wall_clock_seconds), self.mind.open_model() as model:
            messages = [*_remembered(self.sitting.turns), HumanMessage(self.sitting.question)]
            config = {"recursion_limit": RECURSION_LIMIT}
            # In a thread: what the day has left, and whether the LLM only advises, are read from the record.
            agent = await asyncio.to_thread(self._agent, model)
            stream = agent.astream({"messages": messages}, config=config, stream_mode="updates")
            async for update in stream:
                for message in messages_of(update):
                    for event in events_of(message, self.heard):
                        yield event

    def _agent(self, model: BaseChatModel) -> Any:
        from langchain.agents import create_agent
        from langchain.agents.middleware import ModelCallLimitMiddleware

        allowance = self.mind.allowance()
        limit_calls: Any = ModelCallLimitMiddleware(run_limit=self.mind.max_calls, exit_behavior="error")
        acting, reading = self._acting_tools(), self._reading_tools(model, allowance)
        system = self.prompts.render(
            SYSTEM,
            title=self.title,
            rules=self.sitting.snapshot.rules,
            acting=bool(acting),
            reading=bool(reading),
            instead=self._why_not()[1],
        )
        return create_agent(
            model,
            [*self.sitting.tools.values(), *acting, *reading],
            system_prompt=system,
            middleware=[limit_calls, BudgetMiddleware(allowance, self.spent)],
        )

    def _acting_tools(self) -> list[BaseTool]:
        desk = self.sitting.desk
        if desk is None or self.mind.advice_only():
            return []
        desk.by = replace(
            desk.by,
            asked=True,
            llm_model=self.mind.llm_name,
            prompt_sha256=self.prompts.sha256(SYSTEM),
            prompt_version=self.prompts.version(SYSTEM),
        )
        return act_tools(desk)

    def _why_not(self) -> tuple[str, str]:
        return self.sitting.why_not or DEMOTED

    def _reading_tools(self, model: BaseChatModel, allowance: Allowance) -> list[BaseTool]:
        messages = self.mind.messages
        if messages is None or not self.sitting.may.read_messages:
            return []
        reader = Reader(
            messages=messages,
            model=model,
            budget=(allowance, self.spent),
            title=self.title,
            mark=lambda: self.conversations.mark_read_messages(self.sitting.conversation),
            prompts=self.prompts,
        )
        return [reading_tool(reader)]

    def _not_given(self, said: str) -> list[str]:
        """Figures that neither a tool of this conversation gave, nor the question, nor the policy."""
        sitting = self.sitting
        known = numbers_of(self.heard.measured) | numbers_of(to_plain(sitting.snapshot.rules), "rules")
        # Earlier answers of a conversation that has read messages may repeat what strangers wrote.
        earlier = () if sitting.has_read else (turn.answer for turn in sitting.turns)
        texts = " ".join((self.heard.citable, sitting.question, *earlier))
        return not_given(said, known, texts)


def _remembered(turns: Sequence[Turn]) -> list[AnyMessage]:
    return [message for turn in turns for message in (HumanMessage(turn.question), AIMessage(turn.answer))]
