"""Gathers what the gate looks at: the answers of challenger and champion on the same rows, as they would be served."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.data.homes import Homes, group_key, judges, row_key, rows_sha256
from pipeline.gate.evaluation import Labels, Metrics, Scores, evaluate
from pipeline.gate.evidence import Baseline, GateEvidence, Judged
from pipeline.records import LabelledPrediction, Row
from pipeline.served.artifact import Artifact


@dataclass(frozen=True, kw_only=True)
class ProductionRows:
    """Labelled production rows by use: `learned` may be learned from, `judge` is seen by no training; newest first."""

    learned: tuple[LabelledPrediction, ...]
    judge: tuple[Row, ...]


def split_production(labelled: Sequence[LabelledPrediction], homes: Homes) -> ProductionRows:
    """Split labelled traffic by the hash of its text. Rows that stand in the frozen holdout are left out of both, and
    rows that stand in the base's training rows judge nothing.
    """
    frozen, learned = ({group_key(row.input) for row in rows} for rows in (homes.holdout, homes.train))
    newest: dict[str, LabelledPrediction] = {}
    for entry in labelled:
        if entry.label is not None and group_key(entry.record.input) not in frozen:
            newest.setdefault(row_key(entry.record.input), entry)
    return ProductionRows(
        learned=tuple(entry for entry in newest.values() if not judges(entry.record.input)),
        judge=tuple(
            Row(entry.record.input, entry.label or 0)
            for entry in newest.values()
            if judges(entry.record.input) and group_key(entry.record.input) not in learned
        ),
    )


def gate_evidence(
    challenger: Artifact,
    champion: Artifact | None,
    holdout: Sequence[Row],
    recent: Sequence[Row],
    parity: float,
    baseline: Baseline | None = None,
) -> GateEvidence:
    """Both versions' answers on the frozen holdout and on the recent judge rows, and the stored baseline."""
    return GateEvidence(
        holdout=_judged(challenger, champion, holdout),
        recent=_judged(challenger, champion, recent) if recent and champion else None,
        parity=parity,
        artifact_sha256=challenger.sha256,
        champion_sha256=champion.sha256 if champion else None,
        baseline=baseline,
        holdout_sha256=rows_sha256(holdout),
        form=challenger.kind,
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
