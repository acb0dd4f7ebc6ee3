"""Labels that people or systems give to predictions: written once, newest counts, early ones wait for their
prediction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, Engine, func, insert, select

from pipeline.records import LabelledPrediction
from pipeline.store import telemetry as tables
from pipeline.store.engine import snapshot, writing
from pipeline.store.newest_labels import LOOKUP_BATCH, newest_labels


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
    with snapshot(telemetry) as connection:
        found = newest_labels(connection, model, *tables.predictions.c, page=limit)
        return [tables.with_its_label(label, row) for label, row in islice(found, limit)]


def models_of(telemetry: Engine, prediction_ids: Sequence[str]) -> dict[str, str]:
    """The model that made each prediction; none for one that is not written yet."""
    with telemetry.connect() as connection:
        return _models(connection, prediction_ids)


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
