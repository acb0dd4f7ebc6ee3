"""What MLflow knows of the newest trainings of a model, for people who compare experiments at the command line."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from pipeline.releases.promotion import versions
from pipeline.releases.registry import TRIALS_TAG, open_mlflow
from pipeline.settings import PipelineSettings

MOST = 50


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One training: its winner with its means over the folds, and the version it became; None for none.

    `trials` is how many settings were searched; None for a run of an earlier release, which did not say.
    """

    run_id: str
    at: datetime
    winner: str
    trials: int | None
    accuracy: float | None
    f1: float | None
    version: int | None


def summary(settings: PipelineSettings, control: Engine, model: str) -> list[Experiment]:
    """The newest trainings, newest first. Raises StoreError."""
    client = open_mlflow(settings)
    found = client.get_experiment_by_name(model)
    if found is None:
        return []
    of_run = {version.run_id: version.version for version in versions(control, model, 1_000)}
    runs = client.search_runs(
        [found.experiment_id], "tags.mlflow.runName = 'search'", max_results=MOST, order_by=["start_time DESC"]
    )
    return [
        Experiment(
            run_id=run.info.run_id,
            at=datetime.fromtimestamp(run.info.start_time / 1000, UTC),
            winner=run.data.params.get("winner", "unknown"),
            trials=int(run.data.tags[TRIALS_TAG]) if TRIALS_TAG in run.data.tags else None,
            accuracy=run.data.metrics.get("accuracy"),
            f1=run.data.metrics.get("f1"),
            version=of_run.get(run.info.run_id),
        )
        for run in runs
    ]
