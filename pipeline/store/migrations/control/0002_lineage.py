"""Where a version came from, what the gate compares with, and whose labels somebody vouched for."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.engine import UtcDateTime

revision = "control_0002"
down_revision = "control_0001"


def upgrade() -> None:
    op.create_table(
        "lineage",
        sa.Column("model", sa.String(80), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_table(
        "baselines",
        sa.Column("model", sa.String(80), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_table(
        "label_approvals",
        sa.Column("model", sa.String(80), primary_key=True),
        sa.Column("source", sa.String(80), primary_key=True),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
