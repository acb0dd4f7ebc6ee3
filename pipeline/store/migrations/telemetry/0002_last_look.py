"""Where the last scheduled look of a model ended is found by an index, however many reports are kept."""

from alembic import op

revision = "telemetry_0002"
down_revision = "telemetry_0001"


def upgrade() -> None:
    op.create_index("reports_by_end", "reports", ["model", "scheduled", "to_seq"])
