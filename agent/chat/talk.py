"""One question of a conversation: by the LLM with tools where one is configured, else by the plain commands.

Whatever the LLM does, there is an answer: an error, a garbled one or a figure that no tool gave makes room for the
plain sentences of the same tools.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.tools import BaseTool

from agent.chat.desk import Desk
from agent.chat.events import ChatEvent, EventKind, Heard, final
from agent.chat.memory import Conversations, Turn
from agent.chat.plain import HELP, REQUEST, Asked, Call, sentences_of, understand
from agent.chat.sitting import HAS_READ, NOT_ENABLED, May, Refusal, Sitting
from agent.chat.thinking import Mind, Thinking
from agent.chat.tools import Snapshot, chat_tools
from agent.deliberation.budget import Spent
from agent.deliberation.prompts import Prompts
from agent.deliberation.proposal import Deliberation
from tools.act import REQUESTS, act_tools
from tools.result import refused

# Where requests of a conversation go: who asks, and what may stop it while the question is answered.
OpenDesk = Callable[[Deliberation, Callable[[], Refusal | None]], Desk]


@dataclass(frozen=True, kw_only=True)
class Chat:
    """Answers questions about one model. `look` gives a fresh snapshot and its read tools for each question.

    Without `open_desk` nothing can be asked for, whoever asks.
    """

    look: Callable[[], tuple[Snapshot, list[BaseTool]]]
    conversations: Conversations
    title: str
    mind: Mind | None = None
    open_desk: OpenDesk | None = None
    prompts: Prompts = field(default_factory=Prompts)

    async def ask(self, question: str, conversation: str, may: May | None = None) -> AsyncIterator[ChatEvent]:
        """The events of one question, the last one `final` with the whole answer. Raises ConversationError."""
        sitting = await self._sit(question, conversation, may or May())
        turns, heard = sitting.turns, Heard()
        asked = understand(question, turns[-1].topic if turns else None)
        ended: dict[str, Any] = {}
        async for event in self._answering(sitting, asked, heard):
            if event.kind is EventKind.FINAL:
                ended |= {name: value for name, value in event.data.items() if value is not None or name not in ended}
            else:
                yield event
        turn = Turn(question=question, answer=ended["answer"], topic=asked.topic if asked else None)
        await asyncio.to_thread(self.conversations.add, conversation, turn)
        yield ChatEvent(kind=EventKind.FINAL, data={"conversation": conversation, "note": None, **ended})

    async def _sit(self, question: str, conversation: str, may: May) -> Sitting:
        turns = self.conversations.turns(conversation)
        snapshot, read_tools = await asyncio.to_thread(self.look)
        why_not = self._why_not(conversation, may)
        return Sitting(
            question=question,
            conversation=conversation,
            turns=turns,
            snapshot=snapshot,
            tools=chat_tools(snapshot, read_tools),
            desk=self._desk(conversation) if why_not is None else None,
            why_not=why_not,
            may=may,
            has_read=self.conversations.has_read_messages(conversation),
        )

    def _why_not(self, conversation: str, may: May) -> Refusal | None:
        if not may.act or self.open_desk is None:
            return NOT_ENABLED
        return HAS_READ if self.conversations.has_read_messages(conversation) else None

    def _desk(self, conversation: str) -> Desk:
        """Asked again at each request: the messages may be read while the question is being answered."""
        assert self.open_desk is not None
        has_read = self.conversations.has_read_messages
        return self.open_desk(
            Deliberation(conversation=conversation), lambda: HAS_READ if has_read(conversation) else None
        )

    async def _answering(self, sitting: Sitting, asked: Asked | None, heard: Heard) -> AsyncIterator[ChatEvent]:
        """The LLM's way where there is one; the plain way instead, or after it when it gave no answer."""
        answered, mind = False, await self._mind_for(asked)
        if mind is not None:
            async for event in self._thinking(mind, sitting, heard):
                answered |= event.kind is EventKind.FINAL and event.data["answer"] is not None
                yield event
        if not answered:
            async for event in _plainly(asked, sitting, heard):
                yield event

    async def _mind_for(self, asked: Asked | None) -> Mind | None:
        """None also for a plain command while the LLM only advises: it could not carry out what a person asks for."""
        if self.mind is None or asked is None or asked.topic != REQUEST:
            return self.mind
        return None if await asyncio.to_thread(self.mind.advice_only) else self.mind

    async def _thinking(self, mind: Mind, sitting: Sitting, heard: Heard) -> AsyncIterator[ChatEvent]:
        spent = Spent(price=mind.price)
        thinking = Thinking(
            mind=mind,
            sitting=sitting,
            heard=heard,
            conversations=self.conversations,
            title=self.title,
            prompts=self.prompts,
            spent=spent,
        )
        try:
            async for event in thinking.events():
                yield event
        finally:
            if spent.calls:
                noting = asyncio.to_thread(mind.note_spent, sitting.conversation, sitting.snapshot.now, spent.usage)
                # Shielded: who hangs up has spent it all the same.
                await asyncio.shield(noting)


async def _plainly(asked: Asked | None, sitting: Sitting, heard: Heard) -> AsyncIterator[ChatEvent]:
    """The plain way: the tools that the question asks for, then their sentences; what was heard is not asked again."""
    known = {tool for tool, _ in heard.results}
    tools = dict(sitting.tools) | _asking(sitting)
    for call in asked.calls if asked else ():
        if call.tool in known:
            continue
        yield ChatEvent(kind=EventKind.TOOL_STARTED, data={"tool": call.tool, "arguments": dict(call.wanted)})
        result = heard.add(call.tool, await asyncio.to_thread(_called, tools, call, sitting.why_not))
        yield ChatEvent(kind=EventKind.TOOL_FINISHED, data={"tool": call.tool, "status": result["status"]})
    answer = sentences_of(heard.results) or HELP
    yield ChatEvent(kind=EventKind.TEXT, data={"text": answer})
    yield final(answer, "tools", None)


def _asking(sitting: Sitting) -> dict[str, BaseTool]:
    """The acting tools of a plain command: a person says it in so many words, so no LLM stands behind it."""
    desk = sitting.desk
    if desk is None:
        return {}
    desk.by = replace(desk.by, asked=False, llm_model=None, prompt_sha256=None, prompt_version=None)
    return {tool.name: tool for tool in act_tools(desk)}


def _called(tools: Mapping[str, BaseTool], call: Call, why_not: Refusal | None) -> str:
    if call.tool in REQUESTS and call.tool not in tools:
        rule, sentence = why_not or NOT_ENABLED
        return refused(sentence, rule).as_json()
    return str(tools[call.tool].invoke(dict(call.wanted)))
