"""Reads what retention must leave in the telemetry database, a few numbers for each managed model."""

from collections.abc import Mapping

from sqlalchemy import Engine, exists, select

from pipeline.keeping.rules import Stay
from pipeline.monitoring.window import last_look
from pipeline.releases.promotion import pointer
from pipeline.spec import ModelSpec
from pipeline.store.open import Store
from pipeline.store.telemetry import labels, labels_of, of_model, predictions


def what_stays(store: Store, specs: Mapping[str, ModelSpec]) -> dict[str, Stay]:
    """By model; one that has no champion yet keeps what a training would read."""
    return {name: _stay(store, spec) for name, spec in specs.items()}


def _stay(store: Store, spec: ModelSpec) -> Stay:
    champion = pointer(store.control, spec.name)
    versions = [champion.version, champion.previous_version] if champion else []
    rows = spec.monitoring.window_rows
    begins = {version: _window_from(store.telemetry, spec.name, version, rows) for version in versions if version}
    return Stay(
        champion=champion.version if champion else None,
        unread_after=last_look(store.telemetry, model=spec.name, generation=champion.generation) if champion else None,
        newest_from={version: seq for version, seq in begins.items() if seq is not None},
        labels_from=_labels_from(store.telemetry, spec.name, spec.retraining.max_production_rows),
    )


def _window_from(telemetry: Engine, model: str, version: int, rows: int) -> int | None:
    """Where the newest `rows` answers of a version begin; None when it gave none."""
    table = predictions
    newest = (
        select(table.c.seq)
        .where(table.c.model == model, table.c.version == version)
        .order_by(table.c.seq.desc())
        .limit(rows)
    )
    with telemetry.connect() as connection:
        return min(connection.execute(newest).scalars(), default=None)


def _labels_from(telemetry: Engine, model: str, most: int) -> int | None:
    """The oldest of the newest `most` labels of a model that count: the rows of feedback.labelled_rows."""
    later = labels.alias("later")
    superseded = exists().where(later.c.prediction_id == labels.c.prediction_id, later.c.seq > labels.c.seq)
    newest = (
        select(labels.c.seq)
        .join(predictions, predictions.c.prediction_id == labels.c.prediction_id)
        .where(of_model(predictions, model), ~superseded)
        .order_by(labels.c.seq.desc())
        .limit(most)
    )
    with telemetry.connect() as connection:
        found = [seq for part in labels_of(labels, model) for seq in connection.execute(newest.where(part)).scalars()]
    return min(sorted(found)[-most:], default=None)
