"""How the two databases are opened: SQLite in WAL mode by default, PostgreSQL by URL."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ExceptionContext,
    Integer,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, IntegrityError
from sqlalchemy.types import TypeDecorator

from pipeline.errors import ConcurrentChangeError, StoreError
from pipeline.store import advisory_keys

# SQLite counts rows by itself only for a column that is spelled INTEGER.
Sequence64 = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in, aware UTC out, on databases with and without time zones. Raises ValueError for a naive datetime."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"A time without a zone cannot be stored: {value!r}. Use datetime.now(UTC).")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def open_engine(url: str) -> Engine:
    """An engine for one database; folders of a SQLite file are made.

    Raises StoreError for a URL that is none, or whose database this installation has no driver for.
    """
    try:
        return _engine(make_url(url))
    except (ArgumentError, ImportError, ValueError):
        # Their texts may hold the address with its password. ImportError: the driver is not installed.
        raise StoreError(
            "A database address could not be read, or there is no driver for it; write it like "
            "sqlite:////path/file.db or postgresql+psycopg2://user@host/name."
        ) from None


def _engine(address: URL) -> Engine:
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True)
    engine = create_engine(address, connect_args={"timeout": 30})
    if address.database and address.database != ":memory:":
        _make_folder(Path(address.database).parent)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@event.listens_for(Engine, "handle_error")
def _open_a_failed_file_anew(context: ExceptionContext) -> None:
    """Of every engine in the process, MLflow's too: a connection that could not write is closed, and all before it.

    On a disk that takes no writes SQLite opens a file for reading alone, and what it opened so never writes again,
    however well the disk does later. That holds for the whole process: its connections to a file share one index of
    the write-ahead log, which is opened anew only once all of them are closed.
    """
    name = getattr(context.original_exception, "sqlite_errorname", "")
    if name.startswith(("SQLITE_READONLY", "SQLITE_IOERR")):
        context.is_disconnect = True
        # A connection with a statement left stays open, however it was closed, until garbage is collected.
        failed = context.execution_context
        if failed is not None and failed.cursor is not None:
            failed.cursor.close()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {folder} of a database cannot be made: {error.strerror}. Set REFIT_HOME to a writable folder."
        ) from error


def _configure_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not by the driver
    with closing(connection.cursor()) as cursor:
        for pragma in ("journal_mode=wal", "synchronous=normal", "foreign_keys=on", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    # A transaction that reads and then writes must hold the write lock from its start: SQLite refuses to upgrade
    # a read snapshot after another process has written ("database is locked", at once, whatever the time-out).
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def racing(engine: Engine, what: str, model: str) -> Iterator[Connection]:
    """A write transaction of one model, one at a time: what it reads still holds when it writes.

    The loser of a race for the next place of a sequence gets ConcurrentChangeError.
    """
    try:
        with writing(engine).begin() as connection:
            if engine.dialect.name == "postgresql":  # SQLite has one writer at a time, whatever the model
                lock = text("SELECT pg_advisory_xact_lock(:key, hashtext(:model))")
                connection.execute(lock, {"key": advisory_keys.MODEL, "model": model})
            yield connection
    except IntegrityError as error:
        raise ConcurrentChangeError(f"Another process moved {what} of {model} first. Look again.") from error


def snapshot(engine: Engine) -> Connection:
    """A connection for reading, whose statements all see the database as it was at the first: SQLite always does so."""
    if engine.dialect.name == "sqlite":
        return engine.connect()
    return engine.connect().execution_options(isolation_level="REPEATABLE READ")


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: on SQLite they take the write lock at their start."""
    return engine.execution_options(immediate=True)
