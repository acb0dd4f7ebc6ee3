"""The one step before anything starts: folders, both databases migrated, MLflow's own database made; under a lock."""

import fcntl
from collections.abc import Iterator

from pipeline.errors import RefitError
from pipeline.settings import PipelineSettings
from pipeline.store.migrate import revision
from pipeline.store.open import open_store


def prepare(settings: PipelineSettings) -> Iterator[str]:
    """Make everything ready and say so, a sentence at a time. Safe to repeat, and from several processes at once."""
    settings.root.mkdir(parents=True, exist_ok=True)
    with (settings.root / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield from _databases(settings)
        yield _mlflow(settings)


def _databases(settings: PipelineSettings) -> Iterator[str]:
    store = open_store(settings)
    try:
        for name, engine in (("telemetry", store.telemetry), ("control", store.control)):
            yield f"The {name} database ({engine.dialect.name}) is at revision {revision(engine)}."
    finally:
        store.close()


def _mlflow(settings: PipelineSettings) -> str:
    # Imported here: MLflow takes a second.
    from pipeline.releases.registry import open_mlflow

    if settings.mlflow_address.startswith(("http://", "https://")):
        try:
            open_mlflow(settings)
        except RefitError as error:
            # Serving and the rules need no MLflow; a training asks for it again.
            return f"{error} Trainings fail until it does."
        return "The MLflow server answers."
    open_mlflow(settings)
    return "MLflow's database is ready."
