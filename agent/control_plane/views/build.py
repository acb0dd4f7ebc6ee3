"""Puts the sources of the views together from settings."""

from collections.abc import Mapping

from agent.build import now, score
from agent.control_plane.views.one_model import served_by
from agent.control_plane.views.sources import Sources, ViewSettings
from agent.loop import Loop
from agent.settings import AgentSettings
from pipeline.store.open import Store


def build_sources(settings: AgentSettings, store: Store, loops: Mapping[str, Loop]) -> Sources:
    return Sources(
        store=store,
        loops=loops,
        clock=now,
        artifact_dir=settings.pipeline.artifact_dir,
        score=lambda model: score(store, model),
        served=served_by(settings.serving_url),
        run_metrics=lambda run_id: _metrics(settings, run_id),
        llm=settings.llm_model if settings.llm_configured else None,
        show_text=ViewSettings().show_text,
        look_every_hours=settings.interval_minutes / 60,
        default_model=settings.pipeline.default_model,
    )


def _metrics(settings: AgentSettings, run_id: str) -> Mapping[str, float]:
    """Imported here: MLflow takes a second, and most views need none of it."""
    from pipeline.releases.registry import open_mlflow
    from tools.runs import numbers

    return numbers(open_mlflow(settings.pipeline).get_run(run_id).data.metrics)
