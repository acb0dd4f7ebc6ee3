"""Gathers what the gate looks at: the answers of challenger and champion on the same rows, as they would be served."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.data.homes import Homes, deduplicate, group_key, judges
from pipeline.gate.evaluation import Labels, Metrics, Scores, evaluate
from pipeline.gate.rules import GateEvidence, Judged
from pipeline.records import LabelledPrediction, Row
from pipeline.served.artifact import Artifact


@dataclass(frozen=True, kw_only=True)
class ProductionRows:
    """Labelled production rows by use: `train` may be learned from, `judge` is seen by no training; newest first."""

    train: tuple[Row, ...]
    judge: tuple[Row, ...]


def split_production(labelled: Sequence[LabelledPrediction], homes: Homes) -> ProductionRows:
    """Split labelled traffic by the hash of its text. Rows that stand in the frozen holdout are left out of both."""
    frozen = {group_key(row.input) for row in homes.holdout}
    rows = deduplicate(Row(entry.record.input, entry.label) for entry in labelled if entry.label is not None)
    usable = [row for row in rows if group_key(row.input) not in frozen]
    return ProductionRows(
        train=tuple(row for row in usable if not judges(row.input)),
        judge=tuple(row for row in usable if judges(row.input)),
    )


def gate_evidence(
    challenger: Artifact, champion: Artifact | None, holdout: Sequence[Row], recent: Sequence[Row], parity: float
) -> GateEvidence:
    """Both versions' answers on the frozen holdout and on the recent judge rows."""
    return GateEvidence(
        holdout=_judged(challenger, champion, holdout),
        recent=_judged(challenger, champion, recent) if recent and champion else None,
        parity=parity,
        artifact_sha256=challenger.sha256,
        champion_sha256=champion.sha256 if champion else None,
    )


def _judged(challenger: Artifact, champion: Artifact | None, rows: Sequence[Row]) -> Judged:
    return Judged(
        labels=np.array([row.label for row in rows], dtype=np.int64),
        challenger=answers(challenger, rows)[0],
        champion=answers(champion, rows)[0] if champion else None,
    )


def answers(artifact: Artifact, rows: Sequence[Row]) -> tuple[Labels, Scores]:
    """Classes (n,) and P(positive) (n,) that the served form gives to rows."""
    given = artifact.predictor.answer_many(row.input for row in rows)
    return np.array([a.prediction for a in given], dtype=np.int64), np.array([a.score for a in given])


def evaluate_artifact(artifact: Artifact, rows: Sequence[Row]) -> Metrics:
    """Metrics of the served form on labelled rows."""
    predictions, scores = answers(artifact, rows)
    return evaluate(np.array([row.label for row in rows], dtype=np.int64), predictions, scores)
