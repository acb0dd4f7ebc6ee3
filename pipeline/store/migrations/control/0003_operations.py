"""What runs by the clock, which trainings run as jobs, and which data was announced."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.engine import Sequence64, UtcDateTime

revision = "control_0003"
down_revision = "control_0002"


def upgrade() -> None:
    op.create_table(
        "schedule_claims",
        sa.Column("model", sa.String(80), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("fired_at", UtcDateTime, nullable=False),
        sa.Column("holder", sa.String(120), nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(60), primary_key=True),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("active_model", sa.String(80), unique=True),
        sa.Column("host", sa.String(120), nullable=False),
        sa.Column("pid", sa.Integer),
        sa.Column("pid_started_at", sa.Float),
        sa.Column("stage", sa.String(120)),
        sa.Column("steps_done", sa.Integer),
        sa.Column("steps_total", sa.Integer),
        sa.Column("memory_bytes", Sequence64),
        sa.Column("memory_limit_bytes", Sequence64),
        sa.Column("time_limit_seconds", sa.Float, nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("heartbeat_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("exit_code", sa.Integer),
        sa.Column("reason", sa.Text),
        sa.Column("version", sa.Integer),
        sa.Column("run_id", sa.String(64)),
        sa.Column("cancelled_by", sa.String(120)),
        sa.Column("cancelled_at", UtcDateTime),
        sa.Index("jobs_by_model", "model", "started_at"),
        sa.Index("jobs_by_decision", "decision_id", "started_at"),
    )
    op.create_table(
        "data_events",
        sa.Column("seq", Sequence64, primary_key=True, autoincrement=True),
        sa.Column("event_key", sa.String(120), nullable=False, unique=True),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("rows", Sequence64),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("handled_at", UtcDateTime),
        sa.Column("decision_id", sa.String(40)),
        sa.Column("last_error", sa.String(200)),
        sa.Index("data_events_by_state", "state", "model", "seq"),
    )
