"""Each released revision, as a stored dump with rows in every table, comes to the head with its data kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, select, text

from pipeline.errors import StoreError
from pipeline.store import control, telemetry
from pipeline.store.chain import verify_chain
from pipeline.store.engine import open_engine
from pipeline.store.migrate import HEADS, ensure_schema, revision
from tests.pipeline.store.dumps import ROWS, contents, dump_file, load, revisions
from tests.postgresql import BOTH_DATABASES

RELEASED = [(database, one) for database in HEADS for one in revisions(database)[:-1]]
TABLES = {"telemetry": telemetry.metadata, "control": control.metadata}


@pytest.fixture(params=BOTH_DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    address = f"sqlite:///{tmp_path}/old.db"
    if request.param == "postgresql":
        address = request.getfixturevalue("postgresql_server").empty_pair(tmp_path).control_address
    engine = open_engine(address)
    yield engine
    engine.dispose()


def loaded(engine: Engine, released: str) -> dict[str, list[dict[str, Any]]]:
    load(engine, dump_file(engine.dialect.name, released).read_text())
    with engine.connect() as connection:
        return contents(connection)


@pytest.mark.parametrize(("database", "released"), RELEASED)
def test_a_released_database_comes_to_the_head_with_its_data_kept(empty, tmp_path, database, released):
    before = loaded(empty, released)
    assert revision(empty) == released
    assert {len(rows) for rows in before.values()} == {ROWS}
    ensure_schema(empty, database, tmp_path)
    assert revision(empty) == HEADS[database]
    with empty.connect() as connection:
        after = contents(connection)
        assert compare_metadata(MigrationContext.configure(connection), TABLES[database]) == []
        for table in TABLES[database].tables.values():
            assert connection.execute(select(table)).all() is not None
    for name, rows in before.items():
        kept = [{column: row[column] for column in old} for row, old in zip(after[name], rows, strict=True)]
        assert kept == rows
    if database == "control":
        assert (verify_chain(empty).intact, verify_chain(empty).entries) == (True, ROWS)


@pytest.mark.parametrize(("database", "released"), RELEASED)
def test_an_upgraded_database_numbers_new_rows_behind_the_old_ones(empty, tmp_path, database, released):
    loaded(empty, released)
    ensure_schema(empty, database, tmp_path)
    table = telemetry.labels if database == "telemetry" else control.alert_outbox
    with empty.begin() as connection:
        old = connection.execute(select(table).limit(1)).mappings().one()
        fresh = {name: value for name, value in old.items() if name != "seq"}
        fresh |= {"notice_key": "fresh"} if database == "control" else {}
        # The rows of the dump were written with their numbers, which moves no sequence of PostgreSQL.
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT setval('{table.name}_seq_seq', {ROWS})"))
        assert connection.execute(table.insert().values(**fresh)).inserted_primary_key[0] == ROWS + 1


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty, tmp_path):
    before = loaded(empty, "control_0001")
    with empty.begin() as connection:  # in the way of the last table that control_0002 makes
        connection.execute(text("CREATE TABLE label_approvals (here INTEGER PRIMARY KEY)"))
    with pytest.raises(Exception, match="already exists"):
        ensure_schema(empty, "control", tmp_path)
    assert revision(empty) == "control_0001"
    with empty.begin() as connection:
        connection.execute(text("DROP TABLE label_approvals"))
    with empty.connect() as connection:
        assert contents(connection) == before
    ensure_schema(empty, "control", tmp_path)
    assert revision(empty) == HEADS["control"]


def test_a_dump_of_a_newer_release_is_refused_and_left_alone(empty, tmp_path):
    before = loaded(empty, "telemetry_0001")
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'telemetry_9999'"))
    with pytest.raises(StoreError, match="newer release"):
        ensure_schema(empty, "telemetry", tmp_path)
    with empty.connect() as connection:
        assert contents(connection) == before
