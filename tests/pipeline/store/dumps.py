"""Dumps of the databases as each release left them, with rows in every table, beside this file in released/.

Made once for a release and never again: `python -m tests.pipeline.store.dumps` writes the ones that are missing, for
every revision but the newest, which may still change.
"""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, DateTime, Engine, Float, Integer, MetaData, select

from pipeline.store.chain import GENESIS, entry_hash
from pipeline.store.engine import open_engine, writing
from pipeline.store.migrate import HEADS, MIGRATIONS, upgrade
from tests.postgresql import PostgresServer, running_server

RELEASED = Path(__file__).parent / "released"
ROWS = 3
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def revisions(database: str) -> list[str]:
    """All revisions of a database, the oldest first."""
    scripts = ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS / database)])
    return [script.revision for script in scripts.walk_revisions()][::-1]


def dump_file(dialect: str, revision: str) -> Path:
    return RELEASED / dialect / f"{revision}.sql"


def contents(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as the database itself describes them."""
    tables = MetaData()
    tables.reflect(connection)
    return {
        name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
        for name, table in tables.tables.items()
        if name != "alembic_version"
    }


def load(engine: Engine, dump: str) -> None:
    """Run a dump on an empty database."""
    if engine.dialect.name == "sqlite":
        with sqlite3.connect(str(engine.url.database)) as connection:
            connection.executescript(dump)
        return
    with engine.begin() as opened:
        opened.exec_driver_sql(dump.replace("%", "%%"))
        opened.exec_driver_sql("SET search_path = public")


def main() -> None:
    with running_server() as server:
        for database in HEADS:
            for revision in revisions(database)[:-1]:
                for dialect in ("sqlite", "postgresql"):
                    _write(server, dialect, database, revision)


def _write(server: PostgresServer, dialect: str, database: str, revision: str) -> None:
    file = dump_file(dialect, revision)
    if file.exists():
        return
    with TemporaryDirectory() as folder, _empty(server, dialect, Path(folder)) as engine:
        with writing(engine).begin() as connection:
            upgrade(connection, database, None, revision)
            _fill(connection)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_dumped(engine))


@contextmanager
def _empty(server: PostgresServer, dialect: str, folder: Path) -> Iterator[Engine]:
    address = f"sqlite:///{folder}/dump.db" if dialect == "sqlite" else server.empty_pair(folder).control_address
    engine = open_engine(address)
    yield engine
    engine.dispose()


def _dumped(engine: Engine) -> str:
    if engine.dialect.name == "sqlite":
        with sqlite3.connect(str(engine.url.database)) as connection:
            return "\n".join(connection.iterdump()) + "\n"
    url = engine.url
    command = ["pg_dump", "-U", "postgres", "-h", str(url.query["host"]), "--inserts", "--no-owner", str(url.database)]
    dumped = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # What psql alone understands, and settings that older servers do not know.
    kept = [line for line in dumped.splitlines() if not line.startswith(("\\", "--", "SET ")) and line]
    return "\n".join(kept) + "\n"


def _fill(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection)
    for name, table in sorted(tables.tables.items()):
        if name != "alembic_version":
            rows = [{column.name: _value(column, place) for column in table.columns} for place in range(1, ROWS + 1)]
            connection.execute(table.insert(), _chained(rows) if name == "ledger" else rows)


def _value(column: Any, place: int) -> Any:
    """Something of the column's type that no other row has."""
    if isinstance(column.type, JSON):
        return {"text": "ünïcode 'quoted' 100%", "place": place}
    if isinstance(column.type, DateTime):
        return NOON + timedelta(days=place, microseconds=place)
    if isinstance(column.type, Integer):
        return place
    if isinstance(column.type, Float):
        return place / 3
    return f"{column.name} '{place}' ü 100%"[: getattr(column.type, "length", None) or 60]


def _chained(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ledger rows whose hashes are right."""
    tip = GENESIS
    for row in rows:
        row |= {"previous_hash": tip, "body": f'{{"place":{row["seq"]}}}'}
        row["hash"] = tip = entry_hash(row, row["body"])
    return rows


if __name__ == "__main__":
    main()
