"""A year of a small log in a store: one prediction an hour, every tenth labelled, a champion and the one before it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from pipeline.settings import PipelineSettings
from pipeline.store import control, telemetry
from pipeline.store.engine import writing
from pipeline.store.latencies import MINUTE, Latencies
from pipeline.store.open import Store
from tests.pipeline.builders import add_version

MODEL = "sms_spam"
START = datetime(2025, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=365)


def logged(number: int, *, model: str = MODEL, version: int = 2, at: datetime | None = None) -> dict[str, Any]:
    """Prediction `number` of the year."""
    return {
        "prediction_id": f"{model}-{number}",
        "model": model,
        "version": version,
        "slot": "champion",
        "at": at or START + timedelta(hours=number),
        "input": telemetry.encode_input(f"message {number} ünïcode \x00"),
        "prediction": number % 2,
        "score": number / 10_000,
    }


def label(prediction_id: str, at: datetime, value: int = 1) -> dict[str, Any]:
    return {"prediction_id": prediction_id, "label": value, "source": "test", "at": at}


def write_log(store: Store, rows: Sequence[dict[str, Any]], labels: Sequence[dict[str, Any]] = ()) -> None:
    with writing(store.telemetry).begin() as connection:
        connection.execute(insert(telemetry.predictions), list(rows))
        if labels:
            connection.execute(insert(telemetry.labels), list(labels))


def add_look(store: Store, to_seq: int, *, at: datetime = NOW, generation: int = 2, scheduled: int = 1) -> None:
    row = {"model": MODEL, "generation": generation, "scheduled": scheduled, "from_seq": 1, "to_seq": to_seq, "at": at}
    with writing(store.telemetry).begin() as connection:
        connection.execute(insert(telemetry.reports).values(**row, body={"drift": to_seq}))


def add_champions(settings: PipelineSettings, store: Store) -> None:
    """Version 1, and then 2."""
    move = {"kind": "promote", "who": "test", "why": "test", "at": START}
    for version in (1, 2):
        add_version(settings, store, version)
        before = {"generation": version, "from_version": version - 1 or None, "to_version": version}
        with writing(store.control).begin() as connection:
            connection.execute(insert(control.promotions).values(model=MODEL, **move, **before))


def stored(store: Store, table: Any = telemetry.predictions) -> list[dict[str, Any]]:
    with store.telemetry.connect() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(table.c.seq)).mappings()]


def archived(settings: PipelineSettings, table: str = "predictions") -> list[dict[str, Any]]:
    """Every row of the archive, read as anybody reads it."""
    import pyarrow.dataset

    folder = settings.archive_dir / table
    if not folder.exists():
        return []
    rows = pyarrow.dataset.dataset(folder, partitioning="hive").to_table().to_pylist()
    return sorted(rows, key=lambda row: row["seq"])


def latency(number: int, seconds: int = MINUTE) -> Latencies:
    """What was answered in hour `number` of the year."""
    at = START + timedelta(hours=number)
    buckets = {-24: 90 + number, 3: 7}
    return Latencies(
        latency_id=f"a-{seconds}-{number}",
        model=MODEL,
        version=2,
        at=at,
        seconds=seconds,
        refused=number,
        failed=0,
        buckets=buckets,
    )
