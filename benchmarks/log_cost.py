"""What one check costs as the prediction log grows: the newest window of a version that serves, and of one long ago."""

import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import Engine

from pipeline.monitoring.window import labelled_since, latest_window, read_window
from pipeline.store.engine import open_engine
from pipeline.store.migrate import ensure_schema

SIZES = (10_000, 100_000, 1_000_000, 3_000_000)
ROWS = 500
START = datetime(2026, 1, 1, tzinfo=UTC)
# One row in so many has a label.
LABEL_EVERY = 10


def curve() -> list[dict[str, Any]]:
    """Milliseconds of each way to read, by rows of the log."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "telemetry.db"
        engine = open_engine(f"sqlite:///{file}")
        ensure_schema(engine, "telemetry", Path(folder))
        table, written = [], 0
        for size in SIZES:
            fill_seconds = _fill(file, written, size)
            table.append({"rows": size, "fill_seconds": round(fill_seconds, 1), **_times(engine, size)})
            written = size
            print(table[-1], flush=True)
        engine.dispose()
    return table


def _fill(file: Path, first: int, last: int) -> float:
    start = perf_counter()
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA synchronous=off")
    connection.executemany(
        "INSERT INTO predictions (prediction_id, model, version, slot, at, input, prediction, score) "
        "VALUES (?, 'sms_spam', ?, 'champion', ?, ?, 0, 0.1)",
        _rows(first, last),
    )
    connection.executemany(
        "INSERT INTO labels (prediction_id, label, source, at) VALUES (?, 0, 'bench', ?)",
        ((f"{place:032x}", _at(place)) for place in range(first, last, LABEL_EVERY)),
    )
    connection.commit()
    connection.close()
    return perf_counter() - start


def _rows(first: int, last: int) -> Iterator[tuple[Any, ...]]:
    # Version 1 gave the first two thousand answers, version 2 all that followed.
    for place in range(first, last):
        text = f'"message {place} of a customer who writes about as much as people do in a text message"'
        yield f"{place:032x}", 1 if place < 2_000 else 2, _at(place), text


def _at(place: int) -> str:
    return (START + timedelta(seconds=place)).strftime("%Y-%m-%d %H:%M:%S.%f")


def _times(engine: Engine, size: int) -> dict[str, float]:
    model = "sms_spam"
    ways = {
        "next_window_ms": lambda: read_window(engine, model=model, version=2, after_seq=size - ROWS, rows=ROWS),
        "newest_window_ms": lambda: latest_window(engine, model=model, version=2, rows=ROWS),
        "version_of_long_ago_ms": lambda: latest_window(engine, model=model, version=1, rows=ROWS),
        "newest_labels_ms": lambda: labelled_since(engine, model=model, after=START, limit=ROWS),
    }
    return {name: _milliseconds(read) for name, read in ways.items()}


def _milliseconds(read: Any) -> float:
    taken = []
    for _ in range(7):
        start = perf_counter()
        assert len(read()) == ROWS
        taken.append(1000 * (perf_counter() - start))
    return round(median(taken), 1)
