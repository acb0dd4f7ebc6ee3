"""What a deliberation may cost: calls, tokens and money, counted as they are spent and stopped where the limit is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import openai
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage

from agent.record.usage import Usage

# For services that report no usage: characters per token, on the low side so that nothing is underestimated.
CHARACTERS_PER_TOKEN = 3


class BudgetSpentError(Exception):
    """The next call would go over the budget; its message holds numbers only."""


@dataclass(frozen=True, kw_only=True)
class Price:
    usd_per_million_input: float = 0.0
    usd_per_million_output: float = 0.0

    def of(self, input_tokens: int, output_tokens: int) -> float:
        return (input_tokens * self.usd_per_million_input + output_tokens * self.usd_per_million_output) / 1e6


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What is left to one deliberation, the day's rest included."""

    calls: int
    tokens: int
    usd: float


@dataclass
class Spent:
    """Counted while the deliberation runs, and readable when it has failed."""

    price: Price = field(default_factory=Price)
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tool_calls: list[str] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def usd(self) -> float:
        return self.price.of(self.input_tokens, self.output_tokens)

    @property
    def usage(self) -> Usage:
        return Usage(calls=self.calls, tokens=self.tokens, usd=self.usd)


class BudgetMiddleware(AgentMiddleware):
    """Refuses a call when the allowance is spent, and counts what each call takes."""

    def __init__(self, allowance: Allowance, spent: Spent):
        super().__init__()
        self.allowance, self.spent = allowance, spent

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        shown = [*request.messages, *([request.system_message] if request.system_message else [])]
        size = sum(len(str(message.content)) for message in shown) // CHARACTERS_PER_TOKEN
        self._require(size)
        self.spent.calls += 1
        try:
            response = await handler(request)
        except Exception as error:
            self._count_failed(error, size)
            raise
        for message in response.result:
            if isinstance(message, AIMessage):
                self._count(message, size)
        return response

    def _require(self, size: int) -> None:
        coming = self.spent.price.of(size, 0)
        if self.spent.calls >= self.allowance.calls:
            raise BudgetSpentError(f"{self.spent.calls} calls made, {self.allowance.calls} allowed")
        if self.spent.tokens + size > self.allowance.tokens:
            raise BudgetSpentError(f"{self.spent.tokens} tokens spent, {self.allowance.tokens} allowed")
        if self.spent.usd + coming > self.allowance.usd:
            raise BudgetSpentError(f"{self.spent.usd:.4f} USD spent, {self.allowance.usd:.4f} allowed")

    def _count_failed(self, error: Exception, size: int) -> None:
        """An answer that was cut or does not fit was paid for, and one that came too late may have been."""
        said = getattr(error, "ai_message", None)
        used = getattr(getattr(error, "completion", None), "usage", None)
        if isinstance(said, AIMessage):
            self._count(said, size)
        elif used is not None:
            self.spent.input_tokens += used.prompt_tokens
            self.spent.output_tokens += used.completion_tokens
        elif isinstance(error, TimeoutError | openai.APITimeoutError):
            self.spent.input_tokens += size

    def _count(self, message: AIMessage, size: int) -> None:
        used = message.usage_metadata
        self.spent.input_tokens += used["input_tokens"] if used else size
        written = len(str(message.content)) + len(str(message.tool_calls))
        self.spent.output_tokens += used["output_tokens"] if used else written // CHARACTERS_PER_TOKEN
        self.spent.tool_calls += [call["name"][:60] for call in message.tool_calls]
