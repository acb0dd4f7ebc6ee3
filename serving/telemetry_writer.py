"""Writes entries of the log to the table of predictions; what is there already is left as it is."""

from collections.abc import Callable, Sequence
from datetime import UTC
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql

from pipeline.store import telemetry as tables
from pipeline.store.engine import writing
from serving.prediction_log import Entry, Write

# One statement for many rows: Python's lock changes hands at each, and the event loop waits for it meanwhile.
SQLITE = (
    "INSERT INTO predictions (prediction_id, model, version, slot, at, input, prediction, score) "
    "VALUES {rows} ON CONFLICT (prediction_id) DO NOTHING"
)
SQLITE_ROW = "(?, ?, ?, ?, ?, ?, ?, ?)"
# SQLite takes 32,766 values in one statement.
MOST_ROWS = 1_000


def telemetry_writer(engine: Callable[[], Engine]) -> Write:
    """Writes batches, the inputs included, in one transaction each."""

    def write(entries: Sequence[Entry]) -> None:
        opened = writing(engine())
        with opened.begin() as connection:
            if opened.dialect.name == "sqlite":
                for start in range(0, len(entries), MOST_ROWS):
                    rows = [_sqlite_row(entry) for entry in entries[start : start + MOST_ROWS]]
                    connection.exec_driver_sql(_sqlite_insert(len(rows)), tuple(chain.from_iterable(rows)))
            else:
                statement = postgresql.insert(tables.predictions).on_conflict_do_nothing()
                connection.execute(statement, [_row(entry) for entry in entries])

    return write


@lru_cache
def _sqlite_insert(rows: int) -> str:
    return SQLITE.format(rows=", ".join([SQLITE_ROW] * rows))


def _sqlite_row(entry: Entry) -> tuple[Any, ...]:
    """As SQLAlchemy would store it: the time in UTC, to the microsecond, without a zone."""
    at = entry.at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    encoded = tables.encode_input(entry.input)
    return (*entry[:4], at, encoded, entry.prediction, entry.score)


def _row(entry: Entry) -> dict[str, Any]:
    return entry._asdict() | {"input": tables.encode_input(entry.input)}
