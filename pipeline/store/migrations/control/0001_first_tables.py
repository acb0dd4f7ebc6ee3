"""First tables of the control database."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.engine import Sequence64, UtcDateTime

revision = "control_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "versions",
        sa.Column("model", sa.String(80), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("artifact_sha256", sa.String(64), nullable=False),
        sa.Column("artifact_bytes", sa.Integer, nullable=False),
        sa.Column("run_id", sa.String(64)),
        sa.Column("trained_at", UtcDateTime, nullable=False),
        sa.Column("training_rows", sa.Integer, nullable=False),
        sa.Column("training_rows_sha256", sa.String(64), nullable=False),
        sa.Column("decision_id", sa.String(40)),
    )
    op.create_table(
        "verdicts",
        sa.Column("verdict_id", sa.String(40), primary_key=True),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("champion_version", sa.Integer),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Index("verdicts_by_version", "model", "version"),
    )
    op.create_table(
        "promotions",
        sa.Column("model", sa.String(80), primary_key=True),
        sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("from_version", sa.Integer),
        sa.Column("to_version", sa.Integer, nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("verdict_id", sa.String(40)),
        sa.Column("decision_id", sa.String(40)),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "pins",
        sa.Column("model", sa.String(80), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("pinned", sa.SmallInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("lift_when", sa.Text),
        sa.Column("until", UtcDateTime),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "rollout_events",
        sa.Column("model", sa.String(80), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rollout_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("champion_version", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("verdict_id", sa.String(40), nullable=False),
        sa.Column("decision_id", sa.String(40)),
        sa.Column("stage", sa.Integer, nullable=False),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "ledger",
        sa.Column("seq", Sequence64, primary_key=True, autoincrement=True),
        sa.Column("entry_id", sa.String(40), nullable=False, unique=True),
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("idempotency_key", sa.String(120), unique=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Index("ledger_by_decision", "decision_id", "seq"),
        sa.Index("ledger_by_model", "model", "kind", "seq"),
    )
    op.create_table(
        "approvals",
        sa.Column("approval_id", sa.String(40), primary_key=True),
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("evidence_hash", sa.String(64), nullable=False),
        sa.Column("champion_version", sa.Integer),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("decided_by", sa.String(120)),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("reason", sa.Text),
        sa.UniqueConstraint("decision_id", "action", name="one_approval_per_action"),
        sa.Index("approvals_by_state", "state", "model"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("holder", sa.String(120), nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "alert_cursors",
        sa.Column("source", sa.String(120), primary_key=True),
        sa.Column("position", Sequence64, nullable=False),
    )
    op.create_table(
        "alert_incidents",
        sa.Column("incident_id", sa.String(80), primary_key=True),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("resolved_at", UtcDateTime),
        sa.Column("resolution", sa.Text),
        sa.Index("alert_incidents_by_model", "model", "kind", "opened_at"),
    )
    op.create_table(
        "alert_outbox",
        sa.Column("seq", Sequence64, primary_key=True, autoincrement=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("notice_key", sa.String(120), nullable=False),
        sa.Column("thread", sa.String(80), nullable=False),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("queued_at", UtcDateTime, nullable=False),
        sa.Column("next_attempt_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("last_error", sa.String(200)),
        sa.Column("receipt", sa.JSON),
        sa.UniqueConstraint("channel", "notice_key", name="one_notice_per_channel"),
        sa.Index("alert_outbox_by_state", "state", "channel", "seq"),
        sa.Index("alert_outbox_by_thread", "channel", "thread", "seq"),
    )
    op.create_table(
        "alert_buttons",
        sa.Column("button_id", sa.String(40), primary_key=True),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("subject", sa.JSON, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("used_by", sa.String(120)),
        sa.Column("used_at", UtcDateTime),
    )
    op.create_table(
        "alert_received",
        sa.Column("request_key", sa.String(80), primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
    )
