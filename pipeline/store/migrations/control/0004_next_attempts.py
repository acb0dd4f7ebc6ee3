"""When a look at announced data that failed is tried again."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.engine import UtcDateTime

revision = "control_0004"
down_revision = "control_0003"


def upgrade() -> None:
    op.add_column("data_events", sa.Column("retry_at", UtcDateTime))
