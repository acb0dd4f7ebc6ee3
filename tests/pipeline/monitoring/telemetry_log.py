"""Predictions and labels in a telemetry database, a minute apart, and how SQLite answers what is asked of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, event, insert

from pipeline.labels.feedback import LabelEntry, record_labels
from pipeline.store.engine import writing
from pipeline.store.telemetry import encode_input, predictions

START = datetime(2026, 5, 1, tzinfo=UTC)


def log(telemetry: Engine, count: int, *, version: int = 1, model: str = "sms_spam", first: int = 0) -> list[str]:
    """Write predictions a minute apart and return their ids."""
    rows = [
        {
            "prediction_id": f"{model}-v{version}-{place}",
            "model": model,
            "version": version,
            "slot": "champion",
            "at": START + timedelta(minutes=place),
            "input": encode_input(f"message {place}"),
            "prediction": place % 2,
            "score": 0.25,
        }
        for place in range(first, first + count)
    ]
    with writing(telemetry).begin() as connection:
        connection.execute(insert(predictions), rows)
    return [row["prediction_id"] for row in rows]


def give_label(telemetry: Engine, prediction_id: str, label: int, minute: int = 0) -> None:
    at = START + timedelta(minutes=minute)
    record_labels(telemetry, [LabelEntry(prediction_id=prediction_id, label=label, source="test", at=at)])


def inputs(found) -> list[str]:
    return [prediction.record.input for prediction in found]


def plans(telemetry: Engine, read: Callable[[], object]) -> list[str]:
    """The steps by which SQLite answers what `read` asks."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def listen(connection, cursor, statement, parameters, context, many):
        asked.append((statement, parameters))

    event.listen(telemetry, "before_cursor_execute", listen)
    read()
    event.remove(telemetry, "before_cursor_execute", listen)
    steps: list[str] = []
    with telemetry.connect() as connection:
        for statement, parameters in asked:
            if statement.startswith("SELECT"):
                found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps += [row[3] for row in found]
    return steps
