"""What questions in conversations have taken of the LLM."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.engine import Sequence64, UtcDateTime

revision = "control_0005"
down_revision = "control_0004"


def upgrade() -> None:
    op.create_table(
        "llm_spending",
        sa.Column("seq", Sequence64, primary_key=True, autoincrement=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("conversation", sa.String(40), nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("tokens", Sequence64, nullable=False),
        sa.Column("usd", sa.Float, nullable=False),
        sa.Index("llm_spending_by_time", "at"),
    )
