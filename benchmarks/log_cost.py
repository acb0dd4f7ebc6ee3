"""What one check costs as the prediction log grows, up to ten million rows: run it as `python -m benchmarks.log_cost`.

`check` is all that a scheduled look reads and measures. Writes results/log_cost.json, and the page about monitoring.
"""

import argparse
import json
import sqlite3
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import Engine

from benchmarks import drift_docs
from pipeline.monitoring.drift import measure_drift
from pipeline.monitoring.profile import Profile, build_profile
from pipeline.monitoring.window import count_labelled, labelled_since, last_look, latest_window, read_window
from pipeline.monitoring.window_accuracy import judge_window
from pipeline.store.engine import open_engine
from pipeline.store.migrate import ensure_schema

RESULTS = drift_docs.OTHERS["log_cost"]
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
ROWS = 500
START = datetime(2026, 1, 1, tzinfo=UTC)
# One row in so many has a label.
LABEL_EVERY = 10
MODEL = "sms_spam"


def curve(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """CPU milliseconds of each way to read, by rows of the log: SQLite runs in this process."""
    profile = build_profile([_text(place) for place in range(2_000)], seed=1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "telemetry.db"
        engine = open_engine(f"sqlite:///{file}")
        ensure_schema(engine, "telemetry", Path(folder))
        table, written = [], 0
        for size in sizes:
            fill_seconds = _fill(file, written, size)
            table.append({"rows": size, "fill_seconds": round(fill_seconds, 1), **_times(engine, size, profile)})
            written = size
            print(table[-1], flush=True)
        engine.dispose()
    return table


# Written by SQL alone: ten million rows through Python would take most of the time. Version 1 gave the first two
# thousand answers, version 2 all that followed.
FILL_PREDICTIONS = """
WITH RECURSIVE row(place) AS (SELECT :first UNION ALL SELECT place + 1 FROM row WHERE place + 1 < :last)
INSERT INTO predictions (prediction_id, model, version, slot, at, input, prediction, score)
SELECT printf('%032x', place), 'sms_spam', CASE WHEN place < 2000 THEN 1 ELSE 2 END, 'champion',
    strftime('%Y-%m-%d %H:%M:%S.000000', :start + place, 'unixepoch'),
    printf('"message %d of customer %d who writes about as much as people do in word%d"', place, place % 977,
        place % 1999), 0, 0.1
FROM row
"""
FILL_LABELS = """
WITH RECURSIVE row(place) AS (SELECT :first UNION ALL SELECT place + :every FROM row WHERE place + :every < :last)
INSERT INTO labels (prediction_id, label, source, at)
SELECT printf('%032x', place), 0, 'bench', strftime('%Y-%m-%d %H:%M:%S.000000', :start + place, 'unixepoch') FROM row
"""


def _fill(file: Path, first: int, last: int) -> float:
    start = perf_counter()
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA synchronous=off")
    values = {"first": first, "last": last, "every": LABEL_EVERY, "start": int(START.timestamp())}
    connection.execute(FILL_PREDICTIONS, values)
    connection.execute(FILL_LABELS, values)
    connection.commit()
    connection.close()
    return perf_counter() - start


def _text(place: int) -> str:
    return f"message {place} of customer {place % 977} who writes about as much as people do in word{place % 1999}"


def _times(engine: Engine, size: int, profile: Profile) -> dict[str, float]:
    ways = {
        "check_ms": lambda: _check(engine, size, profile),
        "next_window_ms": lambda: read_window(engine, model=MODEL, version=2, after_seq=size - ROWS, rows=ROWS),
        "newest_window_ms": lambda: latest_window(engine, model=MODEL, version=2, rows=ROWS),
        "version_of_long_ago_ms": lambda: latest_window(engine, model=MODEL, version=1, rows=ROWS),
        "newest_labels_ms": lambda: labelled_since(engine, model=MODEL, after=START, limit=ROWS),
    }
    return {name: _milliseconds(read) for name, read in ways.items()}


def _check(engine: Engine, size: int, profile: Profile) -> Sequence[Any]:
    """One scheduled look: where the last one ended, the window and its drift, its labels, and how many are new."""
    last_look(engine, model=MODEL, generation=1)
    window = read_window(engine, model=MODEL, version=2, after_seq=size - ROWS, rows=ROWS)
    measure_drift(profile, [str(entry.record.input) for entry in window.predictions])
    newest = latest_window(engine, model=MODEL, version=2, rows=ROWS)
    judge_window(profile, newest.predictions, floor=0.93, confidence=0.975)
    count_labelled(engine, model=MODEL, after=START + timedelta(seconds=size - 5 * ROWS), most=20_000)
    return window.predictions


def _milliseconds(read: Any) -> float:
    taken = []
    for _ in range(9):
        start = process_time()
        assert len(read()) == ROWS
        taken.append(1000 * (process_time() - start))
    return round(median(taken), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=SIZES[-1], help="the largest log")
    options = parser.parse_args()
    table = curve([size for size in SIZES if size <= options.rows])
    RESULTS.write_text(json.dumps({"curve": table}, indent=1) + "\n")
    drift_docs.write(json.loads(drift_docs.RESULTS.read_text()))


if __name__ == "__main__":
    main()
