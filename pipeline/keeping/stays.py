"""Reads what retention must leave in the telemetry database, a few numbers for each managed model."""

from collections.abc import Collection, Mapping
from itertools import islice

from sqlalchemy import Engine, select

from pipeline.keeping.rules import UNKNOWN, Stay
from pipeline.monitoring.window import last_look
from pipeline.releases.promotion import pointer
from pipeline.spec import ModelSpec
from pipeline.store.control import versions
from pipeline.store.engine import snapshot
from pipeline.store.newest_labels import newest_labels
from pipeline.store.open import Store
from pipeline.store.telemetry import predictions


def what_stays(store: Store, specs: Mapping[str, ModelSpec], retired: Collection[str] = ()) -> dict[str, Stay]:
    """By model; one that has no champion yet keeps what a training would read.

    One that has versions but no specification keeps everything, until a person says that it is retired.
    """
    with store.control.connect() as connection:
        trained = connection.execute(select(versions.c.model).distinct()).scalars().all()
    unknown = {name: UNKNOWN for name in trained if name not in specs and name not in retired}
    return unknown | {name: _stay(store, spec) for name, spec in specs.items()}


def _stay(store: Store, spec: ModelSpec) -> Stay:
    champion = pointer(store.control, spec.name)
    served = [champion.version, champion.previous_version] if champion else []
    rows = spec.monitoring.window_rows
    begins = {version: _window_from(store.telemetry, spec.name, version, rows) for version in served if version}
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
    with snapshot(telemetry) as connection:
        found = newest_labels(connection, model, page=most)
        return min((label.seq for label, _ in islice(found, most)), default=None)
