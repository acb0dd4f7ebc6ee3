"""One database of the store that may be away: opened when it is first needed, and tried again after it could not be."""

from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Engine, event

from pipeline.store.engine import open_engine
from pipeline.store.migrate import ensure_schema


class Database:
    """`name` is "telemetry" or "control". Methods may block for as long as a connection takes: call from threads."""

    def __init__(self, name: str, address: str, lock_dir: Path, *, sync_each_commit: bool = False):
        """`sync_each_commit`: on SQLite, a commit that was answered survives a loss of power too."""
        self._name = name
        self._address = address
        self._lock_dir = lock_dir
        self._sync_each_commit = sync_each_commit
        self._lock = Lock()
        self._engine: Engine | None = None

    def engine(self) -> Engine:
        """The engine, at the newest schema. Raises one of errors.STORE_TROUBLE while the database is away."""
        with self._lock:
            if self._engine is None:
                engine = open_engine(self._address)
                if engine.dialect.name == "sqlite":
                    event.listen(engine, "connect", _keep_little)
                    if self._sync_each_commit:
                        event.listen(engine, "connect", _sync_each_commit)
                ensure_schema(engine, self._name, self._lock_dir)
                self._engine = engine
            return self._engine

    def close(self) -> None:
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None


def _sync_each_commit(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous=full")


def _keep_little(connection: Any, _: Any) -> None:
    """A quarter of SQLite's own 2 MB of cached pages for each connection: rows are added at the end."""
    connection.execute("PRAGMA cache_size=-500")
