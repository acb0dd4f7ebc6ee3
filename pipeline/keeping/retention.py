"""Moves old rows of the telemetry database into the archive: exported, checked, and only then deleted, bit by bit.

A kill at any point loses no row: the next run carries on. Deletions are short transactions with pauses between them, so
that the log's writers get their turns. The control database keeps everything.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, delete, exists, func, select, text

from pipeline.errors import ConcurrentChangeError
from pipeline.keeping.archive import Archive, Batch
from pipeline.keeping.old_rows import OldRows, Row, old_latencies, old_predictions, old_reports
from pipeline.keeping.parquet import latencies_table, predictions_table, reports_table
from pipeline.keeping.rules import Stay
from pipeline.keeping.stays import what_stays
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.store import advisory_keys
from pipeline.store.engine import writing
from pipeline.store.open import Store
from pipeline.store.telemetry import labels, latencies, predictions, reports

BATCH_ROWS = 50_000
DELETE_ROWS = 500
TABLES = {"predictions": predictions_table, "reports": reports_table, "latencies": latencies_table}
# Tables whose rows go by themselves; a prediction goes with its labels.
PLAIN = {"reports": reports, "latencies": latencies}

Step = Callable[[str], None]


def no_step(_: str) -> None:
    """A run that nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Archived:
    """Rows that went, by table, and predictions that are old enough but had to stay, by reason."""

    rows: Mapping[str, int]
    stayed: Mapping[str, int]


def archive_old_rows(
    settings: PipelineSettings,
    store: Store,
    specs: Mapping[str, ModelSpec],
    now: datetime,
    *,
    retired: Collection[str] = (),
    dry_run: bool = False,
    step: Step = no_step,
    pause: Callable[[float], None] = time.sleep,
) -> Archived | None:
    """Archive what is older than the settings keep; None when they keep everything and nothing was left over.

    `specs` are all managed models: a model that is not among them keeps its rows while it has versions, unless it is
    `retired`. `dry_run` only counts.

    Raises ConcurrentChangeError while another process does it, KeepingError when the archive cannot be written or
    trusted; no row is deleted then that is not in it.
    """
    archive, run = Archive(settings.archive_dir), Counter[str]()
    if dry_run:
        return _counted(_old_rows(settings, store, what_stays(store, specs, retired), now))
    if not _limits(settings, now) and not archive.folder.exists():
        return None
    with archive.held(), _only_one(store.telemetry):
        for batch in archive.pending():
            run[batch.table] += _carry_out(archive, store.telemetry, batch, step, pause)
        stayed: Counter[str] = Counter()
        for table, old in _old_rows(settings, store, what_stays(store, specs, retired), now).items():
            for rows in _batches(old):
                batch = _export(archive, table, rows, now, step)
                run[table] += _carry_out(archive, store.telemetry, batch, step, pause)
            stayed += old.stayed
    return Archived(rows=dict(run), stayed=dict(stayed))


def _limits(settings: PipelineSettings, now: datetime) -> dict[str, datetime]:
    """By table: what was before that time is old."""
    days = {
        "predictions": settings.keep_predictions_days,
        "reports": settings.keep_reports_days,
        "latencies": settings.keep_latencies_days,
    }
    return {table: now - timedelta(days=kept) for table, kept in days.items() if kept is not None}


def _old_rows(settings: PipelineSettings, store: Store, stays: Mapping[str, Stay], now: datetime) -> dict[str, OldRows]:
    limits, found = _limits(settings, now), {}
    if "predictions" in limits:
        found["predictions"] = old_predictions(store.telemetry, stays, limits["predictions"])
    if "reports" in limits:
        found["reports"] = old_reports(store.telemetry, limits["reports"])
    if "latencies" in limits:
        found["latencies"] = old_latencies(store.telemetry, limits["latencies"])
    return found


def _counted(old_rows: Mapping[str, OldRows]) -> Archived:
    rows, stayed = {}, Counter[str]()
    for table, old in old_rows.items():
        rows[table] = sum(1 for _ in old)
        stayed += old.stayed
    return Archived(rows=rows, stayed=dict(stayed))


def _batches(rows: OldRows) -> Iterator[list[Row]]:
    """Lists of up to BATCH_ROWS rows."""
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _export(archive: Archive, table: str, rows: Sequence[Row], now: datetime, step: Step) -> Batch:
    """Have the rows in files, and the files listed."""
    parts: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        parts[row["model"], f"{row['at']:%Y-%m}"].append({name: row[name] for name in row if name != "model"})
    # The numbers alone come again: rows that were labelled as they went stay, and go another time.
    name = f"{table}-{rows[0]['seq']:012d}-{rows[-1]['seq']:012d}-{uuid4().hex[:12]}"
    batch = archive.stage(name, table, {part: TABLES[table](found) for part, found in parts.items()})
    step("staged")
    archive.list(batch, now)
    step("listed")
    return batch


def _carry_out(archive: Archive, telemetry: Engine, batch: Batch, step: Step, pause: Callable[[float], None]) -> int:
    """From a listed batch to the end; the number of its rows."""
    archive.place(batch)
    step("placed")
    read_back = [table.select(_kept_columns(table)).to_pylist() for table in archive.tables(batch)]
    step("checked")
    for rows in read_back:
        for start in range(0, len(rows), DELETE_ROWS):
            began = time.perf_counter()
            _delete(telemetry, batch.table, rows[start : start + DELETE_ROWS])
            step("deleted_some")
            pause(time.perf_counter() - began)
    step("deleted")
    archive.finish(batch)
    return batch.rows


def _kept_columns(table: Any) -> list[str]:
    return [name for name in ("seq", "labels") if name in table.column_names]


def _delete(telemetry: Engine, table: str, rows: Sequence[Row]) -> None:
    """In one transaction. A prediction to which a label came meanwhile stays with it, and goes another time."""
    numbers = [row["seq"] for row in rows]
    with writing(telemetry).begin() as connection:
        if table in PLAIN:
            connection.execute(delete(PLAIN[table]).where(PLAIN[table].c.seq.in_(numbers)))
            return
        # SQLite gives the largest number again once its row is gone; numbers here are never used twice.
        newest = connection.execute(select(func.max(labels.c.seq))).scalar()
        archived = [label["seq"] for row in rows for label in row["labels"] if label["seq"] != newest]
        for start in range(0, len(archived), DELETE_ROWS):
            connection.execute(delete(labels).where(labels.c.seq.in_(archived[start : start + DELETE_ROWS])))
        labelled = exists().where(labels.c.prediction_id == predictions.c.prediction_id)
        connection.execute(delete(predictions).where(predictions.c.seq.in_(numbers), ~labelled))


@contextmanager
def _only_one(telemetry: Engine) -> Iterator[None]:
    """On PostgreSQL another host may have an archive folder of its own. Raises ConcurrentChangeError."""
    if telemetry.dialect.name != "postgresql":
        yield
        return
    with telemetry.connect() as connection:
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": advisory_keys.ARCHIVE}).scalar()
        connection.commit()
        if not taken:
            raise ConcurrentChangeError("Another process is archiving rows of this database. Try again later.")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": advisory_keys.ARCHIVE})
            connection.commit()
