"""Rows of the telemetry database as Parquet: one file a model and month, written whole, read back as they were."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import KeepingError

if TYPE_CHECKING:
    import pyarrow

Rows = Sequence[Mapping[str, Any]]


def predictions_table(rows: Rows) -> "pyarrow.Table":
    """Predictions, each with all of its labels. `input` is the JSON that the log holds."""
    import pyarrow as pa

    moment = pa.timestamp("us", tz="UTC")
    label = pa.struct(
        [("seq", pa.int64()), ("label", pa.int8()), ("source", pa.string()), ("at", moment)],
    )
    schema = pa.schema(
        [
            ("seq", pa.int64()),
            ("prediction_id", pa.string()),
            ("version", pa.int32()),
            ("slot", pa.string()),
            ("at", moment),
            ("input", pa.string()),
            ("prediction", pa.int8()),
            ("score", pa.float64()),
            ("labels", pa.list_(label)),
        ]
    )
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def reports_table(rows: Rows) -> "pyarrow.Table":
    """Monitoring reports; `body` is JSON text."""
    import pyarrow as pa

    numbers = [(name, pa.int64()) for name in ("seq", "generation", "scheduled", "from_seq", "to_seq")]
    schema = pa.schema([*numbers, ("at", pa.timestamp("us", tz="UTC")), ("body", pa.string())])
    return pa.Table.from_pylist([{**row, "body": json.dumps(row["body"])} for row in rows], schema=schema)


def latencies_table(rows: Rows) -> "pyarrow.Table":
    """Latencies by the minute; `buckets` is the JSON that the database holds."""
    import pyarrow as pa

    schema = pa.schema(
        [
            ("seq", pa.int64()),
            ("latency_id", pa.string()),
            ("version", pa.int32()),
            ("at", pa.timestamp("us", tz="UTC")),
            *((name, pa.int32()) for name in ("seconds", "requests", "refused", "failed")),
            *((name, pa.float64()) for name in ("p50_ms", "p99_ms")),
            ("buckets", pa.string()),
        ]
    )
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def write(path: Path, table: "pyarrow.Table") -> None:
    """Raises OSError."""
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, path, compression="zstd")


def read(path: Path) -> "pyarrow.Table":
    """One file, without what its folders are named after. Raises KeepingError."""
    import pyarrow

    try:
        return pyarrow.parquet.ParquetFile(path).read()
    except (OSError, pyarrow.ArrowException) as error:
        raise KeepingError(f"The archived file {path} cannot be read: {type(error).__name__}. Restore it.") from error
