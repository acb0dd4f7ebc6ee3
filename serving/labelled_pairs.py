"""What labels say of the two versions of a rollout, read from the telemetry store: both asked, one of them answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, select

from pipeline.releases.rollout import Arm
from pipeline.store import telemetry as tables
from serving.shadow import SUFFIX

# The newest labels of a stage; more say hardly more.
MOST_LABELS = 5_000


@dataclass(frozen=True, kw_only=True)
class LabelledPairs:
    """Counts over labelled requests. A pair was answered by both versions; an arm is what callers got from one."""

    pairs: int
    won: int
    lost: int
    labelled: dict[int, int]
    correct: dict[int, int]

    def arm(self, version: int, answered: int, positive: int) -> Arm:
        return Arm(
            version=version,
            answered=answered,
            positive=positive,
            labelled=self.labelled.get(version, 0),
            correct=self.correct.get(version, 0),
        )


def labelled_pairs(telemetry: Engine, model: str, version: int, since: datetime) -> LabelledPairs:
    """Over the requests of `model` since then; `version` is the one that is tried."""
    newest: dict[str, Any] = {}
    with telemetry.connect() as connection:
        for row in connection.execute(_query(model, since)):
            newest.setdefault(row.prediction_id, row)  # a later label of one prediction stands first
    pairs = won = lost = 0
    labelled: dict[int, int] = {}
    correct: dict[int, int] = {}
    for row in newest.values():
        labelled[row.version] = labelled.get(row.version, 0) + 1
        correct[row.version] = correct.get(row.version, 0) + (row.prediction == row.label)
        if row.shadow_prediction is None or version not in (row.version, row.shadow_version):
            continue
        pairs += 1
        served_right, shadow_right = row.prediction == row.label, row.shadow_prediction == row.label
        new_right, old_right = (served_right, shadow_right) if row.version == version else (shadow_right, served_right)
        won += new_right and not old_right
        lost += old_right and not new_right
    return LabelledPairs(pairs=pairs, won=won, lost=lost, labelled=labelled, correct=correct)


def _query(model: str, since: datetime) -> Select[Any]:
    labels, answered, asked_too = tables.labels, tables.predictions, tables.predictions.alias("asked_too")
    return (
        select(
            answered.c.prediction_id,
            answered.c.version,
            answered.c.prediction,
            labels.c.label,
            asked_too.c.version.label("shadow_version"),
            asked_too.c.prediction.label("shadow_prediction"),
        )
        .select_from(labels)
        .join(answered, answered.c.prediction_id == labels.c.prediction_id)
        .outerjoin(asked_too, asked_too.c.prediction_id == labels.c.prediction_id.concat(SUFFIX))
        .where(labels.c.at >= since, answered.c.model == model, answered.c.at >= since)
        .order_by(labels.c.seq.desc())
        .limit(MOST_LABELS)
    )
