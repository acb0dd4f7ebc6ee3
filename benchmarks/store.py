"""What the telemetry store takes and gives, on both databases: rows a second by batch, and reads by rows of the log.

`python -m benchmarks.store fill FOLDER` makes the logs (ten thousand to ten million rows; minutes), `measure FOLDER`
times everything over them and writes results/store.json and the tables of docs/store.md. Without a word: both.
"""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, text

from benchmarks.postgres import server
from benchmarks.store_docs import RESULTS, write_page
from benchmarks.store_logs import EVERY_LABEL, MODEL, RARE, START, YEAR_SECONDS, fill
from pipeline.labels.feedback import LabelEntry, labelled_rows, record_labels
from pipeline.monitoring.window import count_labelled, labelled_since, last_look, latest_window, read_window, reports
from pipeline.monitoring.window_accuracy import judge_window
from pipeline.store.engine import open_engine
from pipeline.store.migrate import ensure_schema
from serving.answering import new_id
from serving.prediction_log import Entry
from serving.telemetry_writer import telemetry_writer

DATABASES = ("sqlite", "postgresql")
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
BATCHES = (100, 500, 1_000, 5_000)
INGESTED = 50_000
WINDOW, PAGE = 500, 50
REPEATS = 9


@contextmanager
def logs(folder: Path, database: str) -> Iterator[Callable[[str], Engine]]:
    """Gives the telemetry database of a name, at the newest schema."""
    opened: list[Engine] = []

    def engine(url: str) -> Engine:
        made = open_engine(url)
        ensure_schema(made, "telemetry", folder)
        opened.append(made)
        return made

    try:
        if database == "sqlite":
            yield lambda name: engine(f"sqlite:///{folder}/{name}.db")
            return
        with server(folder / "postgresql") as running:
            yield lambda name: engine(running.address(name))
            for one in opened:
                one.dispose()
    finally:
        for one in opened:
            one.dispose()


def fill_all(folder: Path, database: str, sizes: Sequence[int]) -> None:
    with logs(folder, database) as named:
        for size in sizes:
            engine = named(f"log_{size}")
            with engine.connect() as connection:
                done = connection.execute(text("SELECT count(*) FROM reports")).scalar()
            if not done:
                print(f"{database} {size:,}: {fill(engine, size):.0f} s", flush=True)


def ingestion(named: Callable[[str], Engine], database: str) -> dict[str, float]:
    """Rows a second into an empty log, by rows of a batch; each batch is a durable transaction of its own."""
    speeds = {}
    for batch in BATCHES:
        # A name of its own each time: an empty table is another thing than an emptied one.
        engine = named(f"ingest_{batch}_{int(perf_counter() * 1e6)}")
        speeds[str(batch)] = _speed(engine, batch, INGESTED)
        print(f"{database} batches of {batch}: {speeds[str(batch)]:,.0f} rows/s", flush=True)
    return speeds


def _speed(engine: Engine, batch: int, rows: int) -> float:
    write, now = telemetry_writer(lambda: engine), datetime.now(UTC)
    entries = [Entry(new_id(), MODEL, 2, "champion", now, _text(place), 0, 0.1) for place in range(rows)]
    began = perf_counter()
    for start in range(0, rows, batch):
        write(entries[start : start + batch])
    return rows / (perf_counter() - began)


def _text(place: int) -> str:
    return f"message {place} of customer {place % 977} who writes about as much as people do in word{place % 1999}"


def reads(engine: Engine, size: int) -> dict[str, float]:
    """Milliseconds of each way to read, median, with warm caches."""
    end = START + timedelta(seconds=YEAR_SECONDS)
    since = end - timedelta(seconds=YEAR_SECONDS * 5 * WINDOW / size)
    # Looks are made in the log's own numbers; a fifth version of the window is still unread.
    ways: dict[str, Callable[[], object]] = {
        "look": lambda: _look(engine, size, since),
        "next_window": lambda: read_window(engine, model=MODEL, version=2, after_seq=size - 2 * WINDOW, rows=WINDOW),
        "newest_window": lambda: latest_window(engine, model=MODEL, version=2, rows=WINDOW),
        "window_of_long_ago": lambda: latest_window(engine, model=MODEL, version=1, rows=WINDOW),
        "page_of_predictions": lambda: latest_window(engine, model=MODEL, version=2, rows=PAGE),
        "page_of_reports": lambda: reports(engine, model=MODEL, limit=PAGE),
        "newest_labels": lambda: labelled_since(engine, model=MODEL, after=START, limit=WINDOW),
        "performance_window": lambda: _performance(engine),
        "labels_to_train_on": lambda: labelled_rows(engine, MODEL, 20_000),
        "new_labels_of_a_rare_model": lambda: count_labelled(engine, model=RARE, after=START, most=20_000),
        "hundred_labels_written": lambda: _label(engine, size),
    }
    return {name: _milliseconds(read) for name, read in ways.items()}


def _look(engine: Engine, size: int, since: datetime) -> None:
    """All that a scheduled look reads: where the last one ended, the next window, the newest one, how many labels."""
    last_look(engine, model=MODEL, generation=1)
    window = read_window(engine, model=MODEL, version=2, after_seq=size - 2 * WINDOW, rows=WINDOW)
    newest = latest_window(engine, model=MODEL, version=2, rows=WINDOW)
    assert len(window) == len(newest) == WINDOW
    count_labelled(engine, model=MODEL, after=since, most=20_000)


def _performance(engine: Engine) -> None:
    window = latest_window(engine, model=MODEL, version=2, rows=WINDOW)
    judge_window(None, window.predictions, floor=0.93, confidence=0.975)


def _label(engine: Engine, size: int) -> None:
    """The same hundred again: they are looked up and found, which is what costs."""
    ids = [f"{EVERY_LABEL * place:032x}" for place in range(size // EVERY_LABEL - 100, size // EVERY_LABEL)]
    at = datetime.now(UTC)
    record_labels(engine, [LabelEntry(prediction_id=one, label=0, source="bench", at=at) for one in ids])


def _milliseconds(read: Callable[[], object]) -> float:
    taken = []
    read()
    for _ in range(REPEATS):
        began = perf_counter()
        read()
        taken.append(1000 * (perf_counter() - began))
        if sum(taken) > 20_000:
            break
    return round(median(taken), 2)


def measure(folder: Path, database: str, sizes: Sequence[int]) -> dict[str, Any]:
    with logs(folder, database) as named:
        speeds = ingestion(named, database)
        curve = []
        for size in sizes:
            engine = named(f"log_{size}")
            row = {"rows": size, **reads(engine, size), "rows_per_second": round(_speed(engine, 1_000, 20_000))}
            curve.append(row)
            print(database, row, flush=True)
        return {"rows_per_second": {name: round(speed) for name, speed in speeds.items()}, "curve": curve}


def save(name: str, part: Mapping[str, Any], file: Path = RESULTS) -> dict[str, Any]:
    """All results, with this part in the place of what was measured of it before; what others measured stays."""
    known = json.loads(file.read_text()) if file.exists() else {}
    stamp = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": _machine()}
    known |= {name: part, "about": known.get("about", {}) | {name: stamp}}
    file.write_text(json.dumps(known, indent=1) + "\n")
    return dict(known)


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("fill", "measure", "page", "all"), default="all")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--database", choices=DATABASES, action="append")
    parser.add_argument("--rows", type=int, default=SIZES[-1], help="the largest log")
    options = parser.parse_args()
    sizes = [size for size in SIZES if size <= options.rows]
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o711)  # as root, PostgreSQL runs as another user, who must come through to its data
        folder = (options.folder or Path(scratch)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        for database in options.database or DATABASES:
            if options.what in ("fill", "all"):
                fill_all(folder, database, sizes)
            if options.what in ("measure", "all"):
                write_page(save(database, measure(folder, database, sizes)))
    if options.what == "page":
        write_page(json.loads(RESULTS.read_text()))


if __name__ == "__main__":
    main()
