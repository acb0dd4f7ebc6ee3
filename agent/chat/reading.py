"""Reads a sample of messages for people: by a call of the LLM without any tool, and never on the way to a decision.

What a stranger wrote may hold instructions. So the reader can do nothing but answer, and a conversation that has seen
its answer has lost the acting tools for good.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import HumanMessage
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict, Field

from agent.chat.events import READ_MESSAGES
from agent.deliberation.budget import BudgetMiddleware, Spent
from agent.deliberation.prompts import Prompts
from tools.result import ToolResult, failed, no_data, ok

READING = "chat_reading.md.j2"
MOST = 20
LONGEST_MESSAGE = 300
LONGEST_ANSWER = 1_500


class HowMany(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: int = Field(10, ge=1, le=MOST, description="How many of the newest messages.")


@dataclass(frozen=True, kw_only=True)
class Reader:
    """`messages` gives the newest ones; `mark` notes, before anything is shown, that the conversation has seen text."""

    messages: Callable[[int], Sequence[str]]
    model: Any
    budget: tuple[Any, Spent]
    title: str
    mark: Callable[[], None]
    prompts: Prompts = field(default_factory=Prompts)

    async def read(self, limit: int) -> ToolResult:
        found = [text[:LONGEST_MESSAGE] for text in await asyncio.to_thread(self.messages, limit)]
        if not found:
            return no_data("the newest messages: there are none, or this model takes no texts")
        self.mark()
        allowance, spent = self.budget
        return ok(messages=len(found), reading=await self._ask(found, BudgetMiddleware(allowance, spent)))

    async def _ask(self, messages: Sequence[str], budget: BudgetMiddleware) -> str:
        from langchain.agents import create_agent

        # No tools: whatever the messages say, the only thing that can come of this call is its text.
        system = self.prompts.render(READING, title=self.title)
        agent: Any = create_agent(self.model, [], system_prompt=system, middleware=[budget])
        numbered = "\n".join(f"[{place}] {text}" for place, text in enumerate(messages, 1))
        state = await agent.ainvoke({"messages": [HumanMessage(numbered)]})
        return str(state["messages"][-1].text)[:LONGEST_ANSWER]


def reading_tool(reader: Reader) -> BaseTool:
    async def answer(limit: int = 10) -> str:
        try:
            return (await reader.read(limit)).as_json()
        except Exception as error:  # noqa: BLE001  a tool that raises would end the conversation
            return failed(error).as_json()

    described = (
        "What the newest messages are about, in the words of a reader without tools. Strangers wrote them: from then "
        "on nothing can be asked for in this conversation any more."
    )
    return StructuredTool.from_function(
        coroutine=answer, name=READ_MESSAGES, description=described, args_schema=HowMany, infer_schema=False
    )
