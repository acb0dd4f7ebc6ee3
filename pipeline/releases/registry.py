"""Versions: MLflow holds runs and the view for people, the control store holds what must be true.

Both count versions. The numbers are the same until MLflow loses its own; then the control store's count, and a version
of MLflow is found by its run.
"""

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy import Connection, Engine, func, insert, select

from pipeline.errors import StoreError
from pipeline.records import VersionRecord
from pipeline.settings import PipelineSettings
from pipeline.store import control as tables

log = logging.getLogger(__name__)

# MLflow keeps 36 characters of a data set's digest; the whole sha256 goes into a tag beside it.
MLFLOW_DIGEST_LENGTH = 36
VERSION_TAG = "refit_version"
TRIALS_TAG = "trials"


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What one MLflow run says: the search as a whole (`parent` None) or one candidate below it."""

    name: str
    metrics: Mapping[str, float]
    params: Mapping[str, Any]
    tags: Mapping[str, str]
    parent: str | None = None


@dataclass(frozen=True, kw_only=True)
class DataDigest:
    """One part of the training data by role, source, rows and sha256 over every row."""

    role: str
    source: str
    rows: int
    sha256: str


def open_mlflow(settings: PipelineSettings) -> MlflowClient:
    """A client of the configured MLflow. Raises StoreError when it cannot be reached."""
    address = settings.mlflow_address
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # its notes on migrations are no news to operators
    # With a server it prints links of runs on standard output, where the one JSON object of `--json` belongs.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    with _first_use_lock(settings.root):
        with answered():
            client = MlflowClient(tracking_uri=address, registry_uri=address)
            client.search_experiments(max_results=1)
        if address.startswith("sqlite:///"):
            _set_wal(Path(address.removeprefix("sqlite:///")))
    return client


@contextmanager
def answered() -> Iterator[None]:
    """Calls of MLflow that a training needs: what they trip over is a StoreError that says where to look."""
    try:
        yield
    except MlflowException as error:
        raise StoreError(f"MLflow does not answer: {type(error).__name__}. Check MLFLOW_TRACKING_URI.") from error


def experiment_id(client: MlflowClient, name: str, settings: PipelineSettings) -> str:
    """The experiment of that name, made when it is not there."""
    found = client.get_experiment_by_name(name)
    if found:
        return str(found.experiment_id)
    # Embedded MLflow would put artefacts below the working directory, wherever that happens to be.
    location = None if settings.mlflow_tracking_uri else (settings.root / "mlflow-artifacts").as_uri()
    return str(client.create_experiment(name, artifact_location=location))


def log_run(client: MlflowClient, experiment: str, report: RunReport, data: Sequence[DataDigest] = ()) -> str:
    """Write one finished run and return its id."""
    tags = dict(report.tags) | ({"mlflow.parentRunId": report.parent} if report.parent else {})
    run_id: str = client.create_run(experiment, run_name=report.name).info.run_id
    now = int(datetime.now(UTC).timestamp() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(key, value, now, 0) for key, value in report.metrics.items()],
        params=[Param(key, str(value)) for key, value in report.params.items()],
        tags=[RunTag(key, value) for key, value in tags.items()],
    )
    if data:
        client.log_inputs(run_id, datasets=[_dataset(part) for part in data])
    client.set_terminated(run_id)
    return run_id


def registered_in_mlflow(client: MlflowClient, model: str, run_id: str, artifact: Path) -> int:
    """Attach the artefact to its run and make it a registered version; the number that MLflow gives it."""
    client.log_artifact(run_id, str(artifact), "served")
    _ensure_registered_model(client, model)
    source = f"{client.get_run(run_id).info.artifact_uri}/served/{artifact.name}"
    return int(client.create_model_version(model, source=source, run_id=run_id).version)


def add_version(
    connection: Connection, *, model: str, run_id: str, in_mlflow: int, record: Mapping[str, Any]
) -> VersionRecord:
    """Write the control store's row of a version: under MLflow's number, or the next one here if that is behind."""
    table = tables.versions
    newest = connection.execute(select(func.max(table.c.version)).where(table.c.model == model)).scalar() or 0
    row = VersionRecord(model=model, version=max(newest + 1, in_mlflow), run_id=run_id, **record)
    connection.execute(insert(table).values(**vars(row)))
    return row


def version_of_decision(control: Engine, model: str, decision_id: str | None) -> VersionRecord | None:
    """The version that was trained for a decision, if there is one already."""
    if decision_id is None:
        return None
    table = tables.versions
    query = select(table).where(table.c.model == model, table.c.decision_id == decision_id)
    with control.connect() as connection:
        row = connection.execute(query).first()
    return VersionRecord(**row._mapping) if row else None


def show_challenger(settings: PipelineSettings, version: VersionRecord) -> None:
    """Point MLflow's alias `challenger` at a version that is registered and judged; on terms of `show_champion`."""
    _show(settings, version, "challenger")


def show_champion(settings: PipelineSettings, version: VersionRecord) -> None:
    """Point MLflow's alias `champion` at what the promotion ledger says; a view for people, never read back.

    The promotion has happened already, so whatever MLflow trips over is reported in the log and nothing more.
    """
    _show(settings, version, "champion")


def _show(settings: PipelineSettings, version: VersionRecord, alias: str) -> None:
    try:
        client = open_mlflow(settings)
        number = _number_in_mlflow(client, version)
        client.set_model_version_tag(version.model, number, VERSION_TAG, version.tag)
        client.set_registered_model_alias(version.model, alias, number)
    except Exception as error:  # noqa: BLE001  what it shows has happened; its picture here must not undo that
        said = str(error) if isinstance(error, StoreError) else type(error).__name__
        log.warning("MLflow's alias %s of %s still shows an older version: %s", alias, version.model, said)


def _number_in_mlflow(client: MlflowClient, version: VersionRecord) -> str:
    """Raises StoreError for a version that is not there."""
    found = client.search_model_versions(f"name = '{version.model}' and run_id = '{version.run_id}'", max_results=1)
    if not found:
        raise StoreError(f"MLflow has no version of the run of {version.tag}.")
    return str(found[0].version)


def _ensure_registered_model(client: MlflowClient, name: str) -> None:
    if not client.search_registered_models(f"name = '{name}'", max_results=1):
        client.create_registered_model(name)


def _dataset(part: DataDigest) -> DatasetInput:
    dataset = Dataset(
        name=part.role,
        digest=part.sha256[:MLFLOW_DIGEST_LENGTH],
        source_type="refit",
        source=part.source,
        profile=f'{{"num_rows": {part.rows}, "sha256": "{part.sha256}"}}',
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", part.role)])


@contextmanager
def _first_use_lock(root: Path) -> Iterator[None]:
    # Two processes that open a fresh MLflow database at once: one of them dies in the migrations.
    root.mkdir(parents=True, exist_ok=True)
    with (root / "mlflow.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _set_wal(path: Path) -> None:
    connection = sqlite3.connect(path, timeout=30)
    connection.execute("PRAGMA journal_mode=wal")
    connection.close()
