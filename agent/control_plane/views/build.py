"""Puts the sources of the views together from settings."""

from collections.abc import Mapping
from functools import partial

from agent.build import run_metrics, score
from agent.control_plane.views.one_model import served_by
from agent.control_plane.views.sources import Sources, ViewSettings
from agent.loop import Loop
from agent.schedule.calendar import Kind
from agent.schedule.looking import deployed_plans
from agent.settings import AgentSettings
from pipeline.clock import utc_now
from pipeline.spec import ModelSpec
from pipeline.store.open import Store


def build_sources(settings: AgentSettings, store: Store, loops: Mapping[str, Loop]) -> Sources:
    return Sources(
        store=store,
        loops=loops,
        clock=utc_now,
        artifact_dir=settings.pipeline.artifact_dir,
        score=lambda model: score(store, model),
        served=served_by(settings.serving_url),
        run_metrics=partial(run_metrics, settings),
        llm=settings.llm_model if settings.llm_configured else None,
        show_text=ViewSettings().show_text,
        look_every_hours=lambda model: _look_every_hours(settings, loops[model].spec),
        default_model=settings.pipeline.default_model,
    )


def _look_every_hours(settings: AgentSettings, spec: ModelSpec) -> float:
    """As the clockwork has it: what the deployment or the model's file says, else the usual interval."""
    (plan,) = (plan for plan in deployed_plans(settings, [spec]) if plan.kind is Kind.LOOK)
    return plan.every.total_seconds() / 3_600 if plan.every else 1.0
