"""Labels that people or systems give to predictions: written once, newest counts, early ones wait for their
prediction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, exists, func, insert, select

from pipeline.records import LabelledPrediction
from pipeline.store import telemetry as tables
from pipeline.store.engine import writing

# SQLite takes a bounded number of variables in one statement.
LOOKUP_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class LabelEntry:
    """The true class (0 or 1) of one prediction, who says so, and when it arrived."""

    prediction_id: str
    label: int
    source: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class LabelsRecorded:
    """`repeated` entries said what was known already and changed nothing."""

    new: int
    repeated: int


def record_labels(telemetry: Engine, entries: Sequence[LabelEntry]) -> LabelsRecorded:
    """Write the labels that say something new.

    A label that contradicts an earlier one is kept beside it; the newest counts.
    """
    fresh: list[LabelEntry] = []
    with writing(telemetry).begin() as connection:
        for start in range(0, len(entries), LOOKUP_BATCH):
            batch = entries[start : start + LOOKUP_BATCH]
            known = _newest_labels(connection, [entry.prediction_id for entry in batch])
            for entry in batch:
                if known.get(entry.prediction_id) != entry.label:
                    known[entry.prediction_id] = entry.label
                    fresh.append(entry)
        if fresh:
            models = _models(connection, [entry.prediction_id for entry in fresh])
            rows = [vars(entry) | {"model": models.get(entry.prediction_id)} for entry in fresh]
            connection.execute(insert(tables.labels), rows)
    return LabelsRecorded(new=len(fresh), repeated=len(entries) - len(fresh))


def labelled_rows(telemetry: Engine, model: str, limit: int) -> list[LabelledPrediction]:
    """The predictions of a model whose labels arrived last, whatever version made them, newest label first."""
    predictions, labels, later = tables.predictions, tables.labels, tables.labels.alias("later")
    superseded = exists().where(later.c.prediction_id == labels.c.prediction_id, later.c.seq > labels.c.seq)
    given = (labels.c.label, labels.c.at.label("labelled_at"), labels.c.source.label("label_source"))
    query = (
        select(predictions, *given, labels.c.seq.label("label_seq"))
        .join(labels, labels.c.prediction_id == predictions.c.prediction_id)
        .where(tables.of_model(predictions, model), ~superseded)
        .order_by(labels.c.seq.desc())
        .limit(limit)
    )
    with telemetry.connect() as connection:
        found = [
            row._asdict() for part in tables.labels_of(labels, model) for row in connection.execute(query.where(part))
        ]
    found.sort(key=lambda row: row["label_seq"], reverse=True)
    return [tables.labelled_prediction(row) for row in found[:limit]]


def _models(connection: Connection, prediction_ids: Sequence[str]) -> dict[str, str]:
    """By prediction; none for one that is not written yet."""
    table, found = tables.predictions, {}
    for start in range(0, len(prediction_ids), LOOKUP_BATCH):
        some = table.c.prediction_id.in_(prediction_ids[start : start + LOOKUP_BATCH])
        rows = connection.execute(select(table.c.prediction_id, table.c.model).where(some))
        found.update({row.prediction_id: row.model for row in rows})
    return found


def _newest_labels(connection: Connection, prediction_ids: Sequence[str]) -> dict[str, int]:
    table = tables.labels
    newest = (
        select(func.max(table.c.seq)).where(table.c.prediction_id.in_(prediction_ids)).group_by(table.c.prediction_id)
    )
    rows = connection.execute(select(table.c.prediction_id, table.c.label).where(table.c.seq.in_(newest)))
    return {row.prediction_id: row.label for row in rows}
