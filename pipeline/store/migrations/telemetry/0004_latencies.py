"""How long answers took, by version and minute, and by hour."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.engine import Sequence64, UtcDateTime

revision = "telemetry_0004"
down_revision = "telemetry_0003"


def upgrade() -> None:
    op.create_table(
        "latencies",
        sa.Column("seq", Sequence64, primary_key=True, autoincrement=True),
        sa.Column("latency_id", sa.String(40), nullable=False, unique=True),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("seconds", sa.Integer, nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("p50_ms", sa.Float),
        sa.Column("p99_ms", sa.Float),
        sa.Column("buckets", sa.Text, nullable=False),
        sa.Index("latencies_by_model", "model", "seconds", "at"),
    )
