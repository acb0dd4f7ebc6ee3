"""Puts a loop together from settings: the one place that knows every part."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from agent.acting.effects import Step
from agent.actions import Autonomy
from agent.chat.memory import Conversations
from agent.decision import PolicyRules
from agent.deliberation.prompts import Prompts
from agent.errors import ScheduleError
from agent.evidence import Evidence
from agent.loop import Deliberates, Loop
from agent.observing.evidence import Observer
from agent.record import chat_spending, history, ledger
from agent.record.canonical import to_plain
from agent.record.scorecard import Scorecard, scorecard
from agent.schedule.plans import retraining_plan
from agent.settings import AgentSettings
from pipeline.clock import utc_now
from pipeline.durations import DAY
from pipeline.faults import fault_point
from pipeline.spec import ModelSpec
from pipeline.store.open import Store
from tools.hands import RealHands
from tools.serving_client import ServingClient

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from agent.deliberation.budget import Allowance, Price


SCORED = 200


def build_loop(settings: AgentSettings, store: Store, spec: ModelSpec, step: Step = fault_point) -> Loop:
    return Loop(
        store=store,
        spec=spec,
        observer=build_observer(settings, store, spec),
        hands=RealHands(settings.pipeline, store, spec, settings.who),
        clock=utc_now,
        autonomy=Autonomy(spec.autonomy) if spec.autonomy else settings.autonomy,
        assistant=build_assistant(settings, store, spec),
        lease_ttl=timedelta(seconds=settings.lease_seconds),
        approval_valid_for=timedelta(hours=settings.approval_hours),
        max_effect_attempts=settings.max_effect_attempts,
        tell_again_after=timedelta(hours=settings.tell_again_hours),
        step=step,
    )


def build_observer(settings: AgentSettings, store: Store, spec: ModelSpec) -> Observer:
    """What looks at a model, with the schedule that this deployment has for it. Raises ScheduleError."""
    try:
        plan = retraining_plan(spec, settings.schedules)
    except ValueError as error:
        raise ScheduleError(f"The schedule of {spec.name}: {error}") from None
    return Observer(store, settings.pipeline.artifact_dir, spec, plan)


def build_assistant(settings: AgentSettings, store: Store, spec: ModelSpec) -> Deliberates | None:
    """The deciding model when one is configured; None: the rules decide alone."""
    if not settings.llm_configured:
        return None
    # Imported here: LangChain takes a second, and the rules need none of it.
    from agent.deliberation.assistant import Assistant, chat_model
    from agent.deliberation.traces import mlflow_trace

    return Assistant(
        open_model=lambda: chat_model(settings),
        llm_name=settings.llm_model,
        title=spec.title,
        read_tools=partial(read_tools, settings, store, spec),
        allowance=partial(allowance, settings, store),
        price=price_of(settings),
        candidates=spec.candidate_names,
        json_schema=settings.llm_structured == "json_schema",
        max_calls=settings.llm_max_calls,
        wall_clock_seconds=settings.llm_wall_clock_seconds,
        traced=partial(mlflow_trace, settings.pipeline) if settings.llm_traces else nullcontext,
        advice_only=lambda: settings.llm_advice_only or score(store, spec.name).demoted,
        prompts=prompts_of(settings),
    )


def price_of(settings: AgentSettings) -> "Price":
    """What the deciding model's tokens cost."""
    from agent.deliberation.budget import Price

    return Price(
        usd_per_million_input=settings.llm_usd_per_million_input,
        usd_per_million_output=settings.llm_usd_per_million_output,
    )


def prompts_of(settings: AgentSettings) -> Prompts:
    return Prompts(settings.prompts_dir) if settings.prompts_dir else Prompts()


def score(store: Store, model: str) -> Scorecard:
    """How the deciding model did against the rules, over the newest decisions about one model."""
    newest = ledger.decisions(store.control, model, SCORED)
    return scorecard([ledger.entries_of(store.control, entry.decision_id) for entry in newest])


def read_tools(
    settings: AgentSettings, store: Store, spec: ModelSpec, evidence: Evidence, rules: PolicyRules
) -> "list[BaseTool]":
    """The read tools over the snapshot that a decision is made on."""
    from tools.observe import Sight, observe_tools
    from tools.runs import known_parameters, search_runs

    at = evidence.at or utc_now()
    sight = Sight(
        model=spec.name,
        evidence=to_plain(evidence),
        rules=to_plain(rules),
        store=store,
        history=lambda limit: history.rows(store.control, spec.name, limit, at),
        slots=lambda: _slots(settings, spec),
        run_metrics=lambda run_id: run_metrics(settings, run_id),
        runs=partial(search_runs, settings.pipeline, spec),
        run_parameters=tuple(known_parameters(spec)),
    )
    return observe_tools(sight)


def allowance(settings: AgentSettings, store: Store) -> "Allowance":
    """What one deliberation or question may cost: its own limit, or what all agents have left of the day."""
    from agent.deliberation.budget import Allowance

    at = utc_now()
    spent = history.spent_last_day(store.control, at) + chat_spending.spent_since(store.control, at - DAY)
    return Allowance(
        calls=min(settings.llm_max_calls, settings.llm_max_calls_per_day - spent.calls),
        tokens=min(settings.llm_max_tokens_per_decision, settings.llm_max_tokens_per_day - spent.tokens),
        usd=min(settings.llm_max_usd_per_decision, settings.llm_max_usd_per_day - spent.usd),
    )


def conversations(settings: AgentSettings) -> Conversations:
    return Conversations(settings.pipeline.root / "conversations")


def _slots(settings: AgentSettings, spec: ModelSpec) -> Mapping[str, Any] | None:
    client = ServingClient(settings.serving_url)
    try:
        return client.slots(spec.name)
    except (httpx.HTTPError, ValueError) as error:
        return {"unreachable": type(error).__name__}  # which version is champion is known all the same
    finally:
        client.close()


def run_metrics(settings: AgentSettings, run_id: str) -> Mapping[str, float]:
    """Metrics of a training run by MLflow: numbers under the names that the pipeline gave them, no params, no tags."""
    # Imported here: MLflow takes a second, and most that is built needs none of it.
    from pipeline.releases.registry import open_mlflow
    from tools.runs import numbers

    return numbers(open_mlflow(settings.pipeline).get_run(run_id).data.metrics)
