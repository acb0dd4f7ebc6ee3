"""What a finished training left: its answer, read from its file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.gate.rules import VerdictStatus
from tools.job_files import files_of_decision


@dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """What `python -m pipeline train --json` said. `version` is None when the artefact is the champion's own."""

    version: int | None
    verdict_id: str | None
    verdict: VerdictStatus
    reason: str
    seconds: float
    body: Mapping[str, Any]


def result_of(root: Path, decision_id: str) -> TrainingResult | None:
    """The result that a finished training for a decision left."""
    results = (read_result(files.answer) for files in files_of_decision(root, decision_id))
    return next((result for result in results if result), None)


def read_result(answer: Path) -> TrainingResult | None:
    """The result that a finished training left; None when there is none, or only a part of it."""
    try:
        body = json.loads(answer.read_bytes())
        return TrainingResult(
            version=body["version"],
            verdict_id=body["verdict_id"],
            verdict=VerdictStatus(body["verdict"]["status"]),
            reason=body["verdict"]["reason"],
            seconds=float(body["seconds"]),
            body=body,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
