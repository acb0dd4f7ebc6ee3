"""What one task does with one part of a log: score it with a version, or report its drift. Equal wherever it runs."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.catalog import shelf
from pipeline.checks import check_window
from pipeline.files import whole_file
from pipeline.served.artifact import Artifact, unpack
from pipeline.store.telemetry import decode_input
from scaling.logs import Log, Part


@dataclass(frozen=True, kw_only=True)
class Job:
    """What every task of a run needs; `content` are the bytes of the version's artefact, so that no disk is shared.

    `version` gave the answers whose drift is reported, or gives the new scores.
    """

    log: Log
    model: str
    version: int
    content: bytes
    models_dir: Path | None


def score_part(job: Job, folder: Path, part: Part) -> dict[str, Any]:
    """Write FOLDER/part-N.parquet with a score for each row, whole or not at all; a second time gives the same file."""
    import pyarrow as pa
    import pyarrow.parquet

    found = job.log.inputs(job.model, part)
    answers = _artifact(job.content).predictor.answer_many([decode_input(stored) for _, _, stored in found])
    table = pa.table(
        {
            "seq": pa.array([seq for seq, _, _ in found], pa.int64()),
            "prediction_id": pa.array([name for _, name, _ in found], pa.string()),
            "version": pa.array([job.version] * len(found), pa.int32()),
            "prediction": pa.array([answer.prediction for answer in answers], pa.int8()),
            "score": pa.array([answer.score for answer in answers], pa.float64()),
        }
    )
    path = folder / f"part-{part.number:06d}.parquet"
    with whole_file(path) as partial:
        pyarrow.parquet.write_table(table, partial, compression="zstd")
    return {"number": part.number, "rows": len(found)}


def report_part(job: Job, part: Part) -> dict[str, Any]:
    """The drift and accuracy of a part as of a window of the log."""
    spec = shelf(job.models_dir).specs[job.model]
    window = job.log.window(job.model, job.version, part)
    head = {"number": part.number, "model": job.model, "version": job.version, "rows": len(window)}
    ends = {"from_seq": window.from_seq, "to_seq": window.to_seq}
    return {**head, **ends, **check_window(_artifact(job.content), spec, window).as_dict()}


@lru_cache(maxsize=2)
def _artifact(content: bytes) -> Artifact:
    return unpack(content)
