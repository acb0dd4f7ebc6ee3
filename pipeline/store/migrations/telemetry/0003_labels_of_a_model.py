"""The labels of one model are found by an index, however many the others have."""

import sqlalchemy as sa
from alembic import op

revision = "telemetry_0003"
down_revision = "telemetry_0002"


def upgrade() -> None:
    op.add_column("labels", sa.Column("model", sa.String(80)))
    op.execute(
        "UPDATE labels SET model = "
        "(SELECT predictions.model FROM predictions WHERE predictions.prediction_id = labels.prediction_id)"
    )
    op.create_index("labels_by_model", "labels", ["model", "seq"])
    op.create_index("labels_by_model_time", "labels", ["model", "at", "seq"])
