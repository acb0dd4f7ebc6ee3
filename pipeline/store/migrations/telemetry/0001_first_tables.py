"""First tables of the telemetry database."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.engine import Sequence64, UtcDateTime

revision = "telemetry_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "predictions",
        sa.Column("seq", Sequence64, primary_key=True, autoincrement=True),
        sa.Column("prediction_id", sa.String(40), nullable=False, unique=True),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("slot", sa.String(20), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("input", sa.Text, nullable=False),
        sa.Column("prediction", sa.SmallInteger, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Index("predictions_by_model", "model", "seq"),
        sa.Index("predictions_by_version", "model", "version", "seq"),
    )
    op.create_table(
        "labels",
        sa.Column("seq", Sequence64, primary_key=True, autoincrement=True),
        sa.Column("prediction_id", sa.String(40), nullable=False),
        sa.Column("label", sa.SmallInteger, nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Index("labels_by_prediction", "prediction_id", "seq"),
        sa.Index("labels_by_time", "at", "seq"),
    )
    op.create_table(
        "reports",
        sa.Column("seq", Sequence64, primary_key=True, autoincrement=True),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("scheduled", sa.SmallInteger, nullable=False),
        sa.Column("from_seq", Sequence64, nullable=False),
        sa.Column("to_seq", Sequence64, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Index("reports_by_model", "model", "seq"),
    )
