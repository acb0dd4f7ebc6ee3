"""The deciding model: a LangChain agent with read tools and a structured proposal, behind limits, that never raises.

Whatever goes wrong (no answer, garbage, too slow, too dear) becomes a deliberation without a proposal and with a reason
code: then the rules decide, with the same records and alerts.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import openai
from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware
from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langchain_core.tools import BaseTool
from langchain_openai import ChatOpenAI
from langgraph.errors import GraphRecursionError
from sqlalchemy.exc import SQLAlchemyError

from agent.actions import Action
from agent.decision import Bounds, PolicyRules
from agent.deliberation.acceptance import Accepted, ProposedDecision, Refused, accept
from agent.deliberation.budget import Allowance, BudgetMiddleware, BudgetSpentError, Price, Spent
from agent.deliberation.prompts import Prompts
from agent.deliberation.proposal import Deliberation, ReasonCode
from agent.evidence import Evidence
from agent.record.canonical import to_plain
from agent.settings import AgentSettings
from tools.act import Basket, act_tools

SYSTEM, CASE = "decide_system.md.j2", "decide_case.md.j2"
RECURSION_LIMIT = 25
RETRY_WORDS = "The answer did not fit ProposedDecision. Send it again with exactly its fields."

# A model for one deliberation: each runs in an event loop of its own, and connections do not outlive their loop.
OpenModel = Callable[[], AbstractAsyncContextManager[BaseChatModel]]
ReadTools = Callable[[Evidence, PolicyRules], Sequence[BaseTool]]

# The first type that fits counts.
_CODES: tuple[tuple[tuple[type[BaseException], ...], ReasonCode], ...] = (
    ((TimeoutError, openai.APITimeoutError), ReasonCode.LLM_TIMEOUT),
    ((BudgetSpentError, ModelCallLimitExceededError, GraphRecursionError), ReasonCode.BUDGET),
    ((openai.LengthFinishReasonError,), ReasonCode.TRUNCATED),
    ((openai.APIConnectionError, openai.APIStatusError), ReasonCode.LLM_UNAVAILABLE),
    # Nothing was wrong with an answer: the prompts or the record could not be read, so the model could not be asked.
    ((OSError, SQLAlchemyError), ReasonCode.LLM_UNAVAILABLE),
)


@dataclass(frozen=True, kw_only=True)
class Assistant:
    """Asks one chat model about one case at a time. `allowance` tells what the day has left.

    `json_schema`: its service holds the answer to the schema; else the answer is a call of a tool of that name.
    """

    open_model: OpenModel
    llm_name: str
    title: str
    read_tools: ReadTools
    allowance: Callable[[], Allowance]
    price: Price = field(default_factory=Price)
    candidates: tuple[str, ...] = ()
    json_schema: bool = False
    max_calls: int = 8
    wall_clock_seconds: float = 60.0
    traced: Callable[[], AbstractContextManager[str | None]] = nullcontext
    advice_only: Callable[[], bool] = lambda: False
    prompts: Prompts = field(default_factory=Prompts)

    def deliberate(self, evidence: Evidence, limits: Bounds, rules: PolicyRules) -> Deliberation:
        """What the model proposes, or why the rules decide alone."""
        started, spent = time.monotonic(), Spent(price=self.price)
        thought = Deliberation(asked=True, llm_model=self.llm_name)
        with self.traced() as trace_id:
            try:
                thought = replace(thought, **self._wording())
                thought = self._with_answer(thought, asyncio.run(self._ask(evidence, limits, rules, spent)))
            except Exception as error:  # noqa: BLE001  the LLM's edge: everything becomes a reason code
                thought = replace(thought, reason_code=reason_code_of(error), detail=type(error).__name__)
        return replace(
            thought,
            calls=spent.calls,
            tool_calls=tuple(spent.tool_calls),
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
            cost_usd=spent.usd,
            seconds=round(time.monotonic() - started, 3),
            trace_id=trace_id,
        )

    async def _ask(self, evidence: Evidence, limits: Bounds, rules: PolicyRules, spent: Spent) -> Accepted | Refused:
        basket = basket_for(limits, self.candidates)
        case = HumanMessage(render_case(self.prompts, evidence, limits))
        async with asyncio.timeout(self.wall_clock_seconds), self.open_model() as model:
            agent = self._agent(model, basket, evidence, rules, spent)
            state = await agent.ainvoke({"messages": [case]}, config={"recursion_limit": RECURSION_LIMIT})
        return accept(state, frozenset(map(Action, basket.requested)), evidence, rules, limits, basket.choice)

    def _agent(self, model: BaseChatModel, basket: Basket, evidence: Evidence, rules: PolicyRules, spent: Spent) -> Any:
        limit_calls: Any = ModelCallLimitMiddleware(run_limit=self.max_calls, exit_behavior="error")
        return create_agent(
            model,
            [*self.read_tools(evidence, rules), *act_tools(basket)],
            system_prompt=render_system(self.prompts, self.title, rules),
            middleware=[limit_calls, BudgetMiddleware(self.allowance(), spent)],
            response_format=self._answer_form(),
        )

    def _answer_form(self) -> Any:
        """Named explicitly: left to itself, LangChain chooses by the model's name."""
        if self.json_schema:
            return ProviderStrategy(ProposedDecision)
        return ToolStrategy(ProposedDecision, handle_errors=RETRY_WORDS)

    def _wording(self) -> dict[str, Any]:
        return {
            "prompt_sha256": self.prompts.sha256(SYSTEM, CASE),
            "prompt_version": self.prompts.version(SYSTEM, CASE),
        }

    def _with_answer(self, thought: Deliberation, answer: Accepted | Refused) -> Deliberation:
        """Asks last whether the answer is only advice: that reads the record, which may fail like anything here."""
        thought = replace(thought, reason_code=answer.code, detail=answer.detail)
        if isinstance(answer, Refused):
            return thought
        if self.advice_only():
            return replace(thought, advice=answer.proposal, reason_code=ReasonCode.ADVICE_ONLY)
        return replace(thought, proposal=answer.proposal)


def reason_code_of(error: BaseException) -> ReasonCode:
    """Why the rules decide: an HTML page with status 200, say, is one of many errors and comes out as garbage."""
    return next((code for types, code in _CODES if isinstance(error, types)), ReasonCode.LLM_GARBAGE)


def basket_for(limits: Bounds, candidates: tuple[str, ...] = ()) -> Basket:
    """An empty basket that knows what is permitted, and by which rule the rest is not."""
    forbidding = {
        str(action): (fired.rule, fired.sentence) for fired in reversed(limits.fired) for action in fired.forbids
    }
    return Basket(permitted=frozenset(map(str, limits.permitted)), rules=forbidding, candidates=candidates)


def render_system(prompts: Prompts, title: str, rules: PolicyRules) -> str:
    """What the model is told about every case: terms, lines and limits of its specification, how to answer."""
    return prompts.render(SYSTEM, title=title, rules=rules, numbers=flat(to_plain(rules)))


def render_case(prompts: Prompts, evidence: Evidence, limits: Bounds) -> str:
    """The case as the model reads it: evidence fields by name, what the rules say, the bounds."""
    names = {
        name: ", ".join(sorted(getattr(limits, name))) or "nothing" for name in ("required", "deferrable", "permitted")
    }
    return prompts.render(CASE, evidence=flat(to_plain(evidence)), limits=limits, **names)


def flat(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Leaves by dotted path; null stands for unknown."""
    if isinstance(value, dict):
        return [leaf for name, item in value.items() for leaf in flat(item, f"{path}.{name}" if path else name)]
    if isinstance(value, list):
        return [leaf for place, item in enumerate(value) for leaf in flat(item, f"{path}.{place}")]
    return [(path, "null" if value is None else str(value))]


@asynccontextmanager
async def chat_model(settings: AgentSettings) -> AsyncIterator[BaseChatModel]:
    """The configured chat model. The dummy key is for local services that want none."""
    key = settings.api_key.get_secret_value() if settings.api_key else "none"
    async with httpx.AsyncClient() as http:
        yield ChatOpenAI(
            model=settings.llm_model,
            base_url=settings.base_url,
            api_key=key,
            timeout=settings.llm_call_timeout_seconds,
            max_retries=settings.llm_max_retries,
            max_tokens=settings.llm_max_output_tokens,
            stream_usage=True,
            use_responses_api=False,
            http_async_client=http,
        )
