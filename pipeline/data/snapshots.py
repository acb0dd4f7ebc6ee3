"""The rows of a training, kept as Parquet files that are named by their content, so that versions share what is equal.

A snapshot is a list of parts. Rows come in one order, base rows first and labels oldest first, and are cut into parts
of a fixed size: a retraining on a few more rows writes its last parts and shares all others.
"""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.data.training_set import Origin, TrainingRow
from pipeline.errors import ArtifactError
from pipeline.files import write_whole
from pipeline.records import Row

PART_ROWS = 2_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of rows, by the sha256 of its bytes."""

    sha256: str
    rows: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def keep_rows(folder: Path, rows: Sequence[TrainingRow]) -> tuple[Part, ...]:
    """Write the rows, except for parts that are there already; the parts in order."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, len(rows), PART_ROWS):
        some = rows[start : start + PART_ROWS]
        content = _parquet(some)
        sha256 = hashlib.sha256(content).hexdigest()
        _write(_path(folder, sha256), content)
        parts.append(Part(sha256=sha256, rows=len(some)))
    return tuple(parts)


def read_rows(folder: Path, parts: Sequence[Part]) -> tuple[TrainingRow, ...]:
    """The rows of a snapshot. Raises ArtifactError when a file is missing or altered."""
    return tuple(row for part in parts for row in _read(folder, part))


def _parquet(rows: Sequence[TrainingRow]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table(
        {
            "input": pyarrow.array([json.dumps(one.row.input) for one in rows], pyarrow.string()),
            "label": pyarrow.array([one.row.label for one in rows], pyarrow.int8()),
            "origin": pyarrow.array([one.origin.value for one in rows], pyarrow.string()),
            "weight": pyarrow.array([one.weight for one in rows], pyarrow.float64()),
            "prediction_id": pyarrow.array([one.prediction_id for one in rows], pyarrow.string()),
            "label_source": pyarrow.array([one.label_source for one in rows], pyarrow.string()),
            "labelled_at": pyarrow.array([one.labelled_at for one in rows], pyarrow.timestamp("us", tz="UTC")),
        }
    )
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _read(folder: Path, part: Part) -> list[TrainingRow]:
    import pyarrow.parquet

    path = _path(folder, part.sha256)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"The training rows {path.name} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(content).hexdigest() != part.sha256:
        raise ArtifactError(f"The training rows {path.name} are altered. Restore the file.")
    return [_row(record) for record in pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()]


def _row(record: dict[str, Any]) -> TrainingRow:
    value = json.loads(record["input"])
    given = value if isinstance(value, str) else tuple(value)
    rest = {name: record[name] for name in ("weight", "prediction_id", "label_source", "labelled_at")}
    return TrainingRow(row=Row(given, record["label"]), origin=Origin(record["origin"]), **rest)


def _path(folder: Path, sha256: str) -> Path:
    return folder / f"{sha256}.parquet"


def _write(path: Path, content: bytes) -> None:
    if path.exists() and path.stat().st_size == len(content):
        return  # a shorter one is what a loss of power left of it
    write_whole(path, content)
