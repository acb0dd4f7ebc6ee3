"""Brings both databases to the newest schema, once, under a lock; cheap to ask when nothing is to be done."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, inspect, text

from pipeline.errors import StoreError
from pipeline.store import advisory_keys
from pipeline.store.engine import writing

MIGRATIONS = Path(__file__).parent / "migrations"
# The newest revision of each database; a test holds them against the migration scripts.
HEADS = {"telemetry": "telemetry_0004", "control": "control_0005"}

# Alembic keeps the migration under way in globals of its modules: two threads at once would run each other's.
_ONE_AT_A_TIME = Lock()


def ensure_schema(engine: Engine, database: str, lock_dir: Path) -> None:
    """Migrate `database` ("telemetry" or "control") forward to its head, whole or not at all; there is no way back.

    Raises StoreError when it is newer than this code, or is the other database.
    """
    if revision(engine) == HEADS[database]:
        return
    # Processes with another home do not share the file: SQLite's own write lock, taken at the start, holds them apart.
    with _lock(lock_dir / f"{database}.migrate.lock"), _ONE_AT_A_TIME, writing(engine).begin() as connection:
        if engine.dialect.name == "postgresql":
            # Processes on other hosts do not see the file. The lock ends with the transaction.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": advisory_keys.MIGRATION})
        current = _revision(connection)
        if current != HEADS[database]:
            upgrade(connection, database, current)


def revision(engine: Engine) -> str | None:
    """The schema revision that the database is at; None for an empty database."""
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(connection: Connection, database: str, current: str | None, target: str = "head") -> None:
    """Run the migrations from `current` to `target` in the transaction that is open. Raises StoreError."""
    # Imported here: the serving process asks for the revision at its start and hardly ever has to migrate.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(MIGRATIONS / database))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    other = next((name for name in HEADS if name != database and (current or "").startswith(f"{name}_")), None)
    if other:
        raise StoreError(
            f"The {database} database is the {other} database too. Set REFIT_TELEMETRY_URL and REFIT_CONTROL_URL to "
            "two databases."
        )
    if current is not None and current not in known:
        raise StoreError(
            f"The {database} database is at revision {current}, which this release does not know. "
            "Install the newer release that wrote it."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, target)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
