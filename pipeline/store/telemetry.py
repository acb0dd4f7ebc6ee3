"""Tables of the telemetry database: predictions, labels, reports, latencies; and how a row becomes a value."""

import json
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Float,
    FromClause,
    Index,
    Integer,
    MetaData,
    Row,
    SmallInteger,
    String,
    Table,
    Text,
)

from pipeline.records import LabelledPrediction, PredictionRecord
from pipeline.store.engine import Sequence64, UtcDateTime

metadata = MetaData()

predictions = Table(
    "predictions",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("prediction_id", String(40), nullable=False, unique=True),
    Column("model", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("slot", String(20), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("input", Text, nullable=False, doc="JSON of the text or of the list of features; see encode_input."),
    Column("prediction", SmallInteger, nullable=False),
    Column("score", Float, nullable=False),
    Index("predictions_by_model", "model", "seq"),
    # The window of a version that served long ago is found without reading what others answered since.
    Index("predictions_by_version", "model", "version", "seq"),
)

labels = Table(
    "labels",
    metadata,
    # No foreign key: a label may arrive before its prediction's row, and then it waits.
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("prediction_id", String(40), nullable=False),
    Column("model", String(80), doc="Of the prediction; none where the label came before it."),
    Column("label", SmallInteger, nullable=False),
    Column("source", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("labels_by_prediction", "prediction_id", "seq"),
    Index("labels_by_time", "at", "seq"),
    # A model with few labels among many of others: they are found without reading those.
    Index("labels_by_model", "model", "seq"),
    Index("labels_by_model_time", "model", "at", "seq"),
)

reports = Table(
    "reports",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("model", String(80), nullable=False),
    Column("generation", Integer, nullable=False, doc="The promotion that the window belongs to."),
    Column(
        "scheduled",
        SmallInteger,
        nullable=False,
        doc="1: a scheduled look, which uses its window up. 0: a manual check.",
    ),
    Column("from_seq", Sequence64, nullable=False, doc="First prediction of the window."),
    Column("to_seq", Sequence64, nullable=False, doc="Last prediction of the window."),
    Column("at", UtcDateTime, nullable=False),
    Column("body", JSON, nullable=False),
    Index("reports_by_model", "model", "seq"),
    Index("reports_by_end", "model", "scheduled", "to_seq"),
)

latencies = Table(
    "latencies",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column(
        "latency_id", String(40), nullable=False, unique=True, doc="Of the process and its span: a repeat replaces."
    ),
    Column("model", String(80), nullable=False),
    Column("version", Integer, nullable=False, doc="0: none was loaded."),
    Column("at", UtcDateTime, nullable=False, doc="When the minute or the hour began."),
    Column("seconds", Integer, nullable=False, doc="60: a minute. 3600: an hour, of the same requests once more."),
    Column("requests", Integer, nullable=False, doc="Single predictions that were asked for, whatever came of them."),
    Column("refused", Integer, nullable=False, doc="Those answered with a status of 400 to 499."),
    Column("failed", Integer, nullable=False, doc="Those answered with a status of 500 and above."),
    Column("p50_ms", Float, doc="Of this row alone, for who reads the table; they do not add up."),
    Column("p99_ms", Float),
    Column("buckets", Text, nullable=False, doc="JSON: answers by bucket; see pipeline/monitoring/latency.py."),
    Index("latencies_by_model", "model", "seconds", "at"),
)


def of_model(table: Table, model: str) -> ColumnElement[bool]:
    """Rows of one model among those that labels lead to.

    Written so that no index serves it: a database that starts from all predictions of the model reads the whole log.
    """
    return table.c.model.concat("") == model


def labels_of(table: FromClause, model: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Labels that a model may have, in two parts, each in the order of an index: those that are known to be of it, and
    those that came before their prediction and may be of any. A query that asks for both at once is served by none.
    """
    return table.c.model == model, table.c.model.is_(None)


def encode_input(value: str | tuple[float, ...]) -> str:
    """An input as ASCII JSON: any text survives in any database, null characters and lone surrogates included."""
    return json.dumps(value)


def decode_input(stored: str) -> str | tuple[float, ...]:
    value = json.loads(stored)
    return value if isinstance(value, str) else tuple(value)


def prediction_record(row: Row[Any]) -> PredictionRecord:
    """The value of a row of `predictions`."""
    # Column by column: a training reads twenty thousand, and a dictionary for each would cost as much as the query.
    return PredictionRecord(
        prediction_id=row.prediction_id,
        model=row.model,
        version=row.version,
        slot=row.slot,
        at=row.at,
        input=decode_input(row.input),
        prediction=row.prediction,
        score=row.score,
        seq=row.seq,
    )


def with_its_label(label: Row[Any], prediction: Row[Any]) -> LabelledPrediction:
    """The value of a row of `labels` and of the row of `predictions` that it belongs to."""
    record = prediction_record(prediction)
    return LabelledPrediction(record=record, label=label.label, labelled_at=label.at, label_source=label.source)


def labelled_prediction(row: Row[Any]) -> LabelledPrediction:
    """The value of a row of `predictions` joined with `label`, `labelled_at` and `label_source`."""
    return LabelledPrediction(
        record=prediction_record(row),
        label=row.label,
        labelled_at=row.labelled_at,
        label_source=row.label_source,
    )
