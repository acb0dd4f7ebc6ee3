"""The configured deciding model as the evaluation asks it: as in production, over the stores of one scenario."""

from dataclasses import replace
from functools import partial
from typing import Any

from agent.build import build_assistant
from agent.decision import PolicyRules
from agent.deliberation.assistant import Assistant
from agent.evidence import Evidence
from agent.foresight.evaluation.scenario import Scenario
from agent.loop import Deliberates
from agent.record import history
from agent.record.canonical import to_plain
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from pipeline.store.open import Store
from tools.observe import Sight, observe_tools


def live_deliberator(settings: AgentSettings, store: Store, scenario: Scenario) -> Deliberates:
    """The assistant of the settings; it decides here even where it was demoted to advice, since that is the question.

    Raises ValueError when no deciding model is configured.
    """
    made = build_assistant(settings, store, managed_model(scenario.evidence.model))
    if not isinstance(made, Assistant):
        raise ValueError("No deciding model is configured: set OPENAI_API_KEY or OPENAI_BASE_URL.")
    return replace(made, advice_only=lambda: False, read_tools=partial(scenario_tools, store))


def scenario_tools(store: Store, evidence: Evidence, rules: PolicyRules) -> Any:
    """The read tools over a scenario: no service and no MLflow stand behind it."""
    at, model = evidence.at, evidence.model
    sight = Sight(
        model=model,
        evidence=to_plain(evidence),
        rules=to_plain(rules),
        store=store,
        history=lambda limit: history.rows(store.control, model, limit, at) if at else [],
    )
    return observe_tools(sight)
