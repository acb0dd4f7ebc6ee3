"""Writes entries of the log to the table of predictions; what is there already is left as it is."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from functools import lru_cache
from io import StringIO
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Engine, Insert
from sqlalchemy.exc import DBAPIError, IntegrityError

from pipeline.store import telemetry as tables
from pipeline.store.engine import writing
from serving.prediction_log import Entry, Write

# One statement for many rows: Python's lock changes hands at each, and the event loop waits for it meanwhile.
SQLITE = (
    "INSERT INTO predictions (prediction_id, model, version, slot, at, input, prediction, score) "
    "VALUES {rows} ON CONFLICT (prediction_id) DO NOTHING"
)
SQLITE_ROW = "(?, ?, ?, ?, ?, ?, ?, ?)"
# Each number of rows is a statement of its own, which is compiled once and kept: a few sizes make any number. None is
# large: while one runs, the event loop has to share its core.
SIZES = (64, 16, 4, 1)

COPY = "COPY predictions (prediction_id, model, version, slot, at, input, prediction, score) FROM STDIN"
COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def telemetry_writer(engine: Callable[[], Engine]) -> Write:
    """Writes batches, the inputs included, in one transaction each."""

    def write(entries: Sequence[Entry]) -> None:
        opened = writing(engine())
        if opened.dialect.name == "sqlite":
            with opened.begin() as connection:
                for start, end in pieces(len(entries)):
                    rows = [_sqlite_row(entry) for entry in entries[start:end]]
                    connection.exec_driver_sql(_sqlite_insert(len(rows)), tuple(chain.from_iterable(rows)))
        elif entries:
            _write_postgresql(opened, entries)

    return write


def _write_postgresql(engine: Engine, entries: Sequence[Entry]) -> None:
    """COPY takes rows three times as fast as INSERT, and knows no conflicts: a batch with known rows is inserted."""
    if engine.dialect.driver == "psycopg2":
        try:
            with engine.begin() as connection:
                _copy(connection, entries)
            return
        except IntegrityError:
            pass
    with engine.begin() as connection:
        connection.execute(_postgresql_insert(), [_row(entry) for entry in entries])


@lru_cache
def _postgresql_insert() -> Insert:
    # Imported where it is needed: a service over SQLite starts a twentieth faster without it, and smaller.
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(tables.predictions).on_conflict_do_nothing()


def _copy(connection: Connection, entries: Sequence[Entry]) -> None:
    lines, driver = StringIO("".join(map(_copy_line, entries))), connection.dialect.loaded_dbapi
    cursor: Any = connection.connection.cursor()
    try:
        cursor.copy_expert(COPY, lines)
    except driver.Error as error:
        # SQLAlchemy wraps the errors of what it executes itself; the log knows them wrapped.
        raise DBAPIError.instance(COPY, None, error, driver.Error) from error
    finally:
        cursor.close()


def _copy_line(entry: Entry) -> str:
    """One line of COPY's text format; the input is ASCII JSON, which holds no tab and no line feed."""
    texts = (entry.prediction_id, entry.model, str(entry.version), entry.slot, entry.at.isoformat())
    line = "\t".join((*map(_copy_text, texts), tables.encode_input(entry.input).replace("\\", "\\\\")))
    return f"{line}\t{entry.prediction}\t{entry.score!r}\n"


def _copy_text(value: str) -> str:
    return value.translate(COPY_ESCAPES)


def pieces(rows: int) -> Iterator[tuple[int, int]]:
    """The beginnings and ends of pieces of the known sizes, the largest first, that make up so many rows."""
    start = 0
    for size in SIZES:
        while rows - start >= size:
            yield start, start + size
            start += size


@lru_cache
def _sqlite_insert(rows: int) -> str:
    return SQLITE.format(rows=", ".join([SQLITE_ROW] * rows))


def _sqlite_row(entry: Entry) -> tuple[Any, ...]:
    """As SQLAlchemy would store it: the time in UTC, to the microsecond, without a zone."""
    at = entry.at.astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")
    encoded = tables.encode_input(entry.input)
    return (*entry[:4], at, encoded, entry.prediction, entry.score)


def _row(entry: Entry) -> dict[str, Any]:
    return entry._asdict() | {"input": tables.encode_input(entry.input)}
