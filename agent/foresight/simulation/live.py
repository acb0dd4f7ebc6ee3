"""The configured deciding model inside a simulation: the same assistant, over stores that hold nothing."""

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

from agent.build import build_assistant
from agent.decision import Bounds, PolicyRules
from agent.deliberation.assistant import Assistant
from agent.deliberation.proposal import Deliberation
from agent.evidence import Evidence
from agent.foresight.evaluation.live import scenario_tools
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store


class LiveAssistant:
    """Asks the LLM about simulated evidence. Its read tools find the evidence, and an empty record."""

    def __init__(self, settings: AgentSettings):
        self.settings = settings

    def deliberate(self, evidence: Evidence, limits: Bounds, rules: PolicyRules) -> Deliberation:
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(PipelineSettings(home=Path(folder), telemetry_url=None, control_url=None))
            try:
                made = build_assistant(self.settings, store, managed_model(evidence.model))
                if not isinstance(made, Assistant):
                    return Deliberation()
                asked = replace(made, advice_only=lambda: False, read_tools=partial(scenario_tools, store))
                return asked.deliberate(evidence, limits, rules)
            finally:
                store.close()
