"""Consistent copies of databases that are written meanwhile: SQLite by its backup interface, PostgreSQL by pg_dump.

`hold`, `snapshot` and `release` are apart, so that several databases can be frozen at one moment: writers wait for that
moment alone, not for the copying.
"""

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, MetaData, create_engine, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import KeepingError
from pipeline.files import whole_file

PAGES = 4_096
LOCK_SECONDS = 30
# A line of `pg_restore --list`: number, two ids, kind, schema, name, owner.
DUMPED_TABLE = re.compile(r"^\d+; \d+ \d+ TABLE \S+ (\S+) ", re.MULTILINE)


class Copying(Protocol):
    """One database on its way into a backup. `kind` says which programs can read the copy."""

    kind: str

    def hold(self, tables: Sequence[str]) -> None: ...

    def snapshot(self) -> None: ...

    def release(self) -> None: ...

    def rows(self, query: str) -> list[tuple[Any, ...]]: ...

    def write(self, file: Path) -> None: ...

    def close(self) -> None: ...


def copying(address: str) -> Copying:
    """Raises KeepingError for a database that cannot be copied from here."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        return SqliteCopying(Path(str(url.database)))
    if url.get_backend_name() == "postgresql":
        return PostgresCopying(url)
    raise KeepingError(f"A database of the kind {url.get_backend_name()} cannot be backed up from here.")


class SqliteCopying:
    kind = "sqlite"

    def __init__(self, path: Path):
        if not path.exists():
            raise KeepingError(f"There is no database {path}. Check REFIT_HOME and the database addresses.")
        self._path = path
        self._holding, self._reading = (_connected(path) for _ in range(2))

    def hold(self, tables: Sequence[str]) -> None:
        """Writers of the whole database wait."""
        _told(self._path, lambda: self._holding.execute("BEGIN IMMEDIATE"))

    def snapshot(self) -> None:
        self._reading.execute("BEGIN")
        self._reading.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the first read takes the snapshot

    def release(self) -> None:
        self._holding.execute("ROLLBACK")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return list(self._reading.execute(query))

    def write(self, file: Path) -> None:
        """The pages as they were at the snapshot, whatever is written meanwhile."""
        target = sqlite3.connect(file)
        try:
            _told(self._path, lambda: self._reading.backup(target, pages=PAGES, sleep=0))
        finally:
            target.close()

    def close(self) -> None:
        self._holding.close()
        self._reading.close()


class PostgresCopying:
    kind = "postgresql"

    def __init__(self, url: URL):
        self._url = url
        self._program = _program("pg_dump")
        self._engine = create_engine(url)
        try:
            self._holding, self._reading = self._engine.connect(), self._engine.connect()
        except SQLAlchemyError as error:
            raise KeepingError(f"A database cannot be reached: {type(error).__name__}. Check its address.") from None
        self._name: str | None = None

    def hold(self, tables: Sequence[str]) -> None:
        """Writers of these tables wait; those that are at work are waited for. An older schema may lack some."""
        try:
            tables = [name for name in tables if name in inspect(self._holding).get_table_names()]
            self._holding.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            self._holding.execute(text(f"LOCK TABLE {', '.join(tables)} IN SHARE MODE"))
        except SQLAlchemyError as error:
            raise KeepingError(f"The database could not be frozen ({type(error).__name__}). Try again.") from None

    def snapshot(self) -> None:
        self._reading.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        self._name = self._reading.execute(text("SELECT pg_export_snapshot()")).scalar()

    def release(self) -> None:
        self._holding.rollback()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._reading.execute(text(query))]

    def write(self, file: Path) -> None:
        snapshot = [f"--snapshot={self._name}"] if self._name else []
        run_program(self._url, [self._program, "--format=custom", "--no-owner", *snapshot, f"--file={file}"])

    def close(self) -> None:
        self._holding.close()
        self._reading.close()
        self._engine.dispose()


def put_back_sqlite(copy: Path, target: Path) -> None:
    """Make a copied database the one at `target`, where none is. Raises KeepingError, OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as partial:
        shutil.copyfile(copy, partial)
        with sqlite3.connect(partial) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchone()
        connection.close()
        for leftover in (f"{partial.name}-wal", f"{partial.name}-shm"):
            partial.with_name(leftover).unlink(missing_ok=True)
        if found != ("ok",):
            raise KeepingError(f"{copy} is damaged inside: {found}. Use another backup.")


def put_back_postgresql(copy: Path, address: str) -> None:
    """Have what is in a dump in a database, and nothing else. Raises KeepingError; then it is as it was.

    The dump's tables are dropped and filled in one transaction, the others dropped when that has succeeded.
    """
    kept, before = tables_of_dump(copy), tables_of(address)
    at_once = ["--clean", "--if-exists", "--no-owner", "--exit-on-error", "--single-transaction"]
    run_program(make_url(address), [_program("pg_restore"), *at_once, str(copy)], True)
    _drop_tables(address, [name for name in before if name not in kept])


def tables_of_dump(copy: Path) -> list[str]:
    """Raises KeepingError when pg_restore is not installed, or cannot read the dump."""
    done = subprocess.run([_program("pg_restore"), "--list", str(copy)], capture_output=True, text=True)
    if done.returncode:
        complaint = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
        raise KeepingError(f"{copy} cannot be restored from here: {complaint}")
    return DUMPED_TABLE.findall(done.stdout)


def is_in_use(path: Path) -> bool:
    """Whether another connection to a SQLite database is open, or cannot be ruled out."""
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            # Leaving WAL mode takes a database to itself; it comes back with the next opening.
            return bool(connection.execute("PRAGMA journal_mode=delete").fetchone() == ("wal",))
        finally:
            connection.close()
    except sqlite3.Error:
        return True


def tables_of(address: str) -> list[str]:
    """Raises KeepingError when the database cannot be reached."""
    engine = create_engine(address)
    try:
        return list(inspect(engine).get_table_names())
    except SQLAlchemyError as error:
        raise KeepingError(f"A database cannot be reached: {type(error).__name__}. Check its address.") from None
    finally:
        engine.dispose()


def _drop_tables(address: str, names: Sequence[str]) -> None:
    if not names:
        return
    engine, found = create_engine(address), MetaData()
    try:
        with engine.begin() as connection:
            found.reflect(connection, only=names)
            found.drop_all(connection)
    finally:
        engine.dispose()


def run_program(url: URL, command: Sequence[str], into_database: bool = False) -> None:
    """One of PostgreSQL's programs; the password travels in its environment. Raises KeepingError with its complaint."""
    bare = url.set(drivername="postgresql", password=None).render_as_string()
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    command = [*command[:1], f"--dbname={bare}", *command[1:]]
    done = subprocess.run(command, env={**os.environ, **secret}, capture_output=True, text=True)
    if done.returncode:
        complaint = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
        what = "could not be restored" if into_database else "could not be copied"
        raise KeepingError(f"The database {url.database} {what}: {complaint}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise KeepingError(
            f"{name} is not installed here, and PostgreSQL is copied with it. On Debian: apt-get install "
            "postgresql-client, of the server's version or newer."
        )
    return found


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)


def _told(path: Path, act: Any) -> None:
    try:
        act()
    except sqlite3.Error as error:
        raise KeepingError(f"{path} could not be copied: {error}. Try again.") from error
