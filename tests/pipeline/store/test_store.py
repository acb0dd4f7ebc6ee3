import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text

from pipeline.errors import StoreError
from pipeline.settings import PipelineSettings
from pipeline.store import control, telemetry
from pipeline.store.engine import open_engine
from pipeline.store.migrate import HEADS, MIGRATIONS, ensure_schema, revision
from pipeline.store.open import open_store


@pytest.mark.parametrize(("name", "tables"), [("telemetry", telemetry), ("control", control)])
def test_the_migrations_make_the_tables_that_the_code_expects(store, name, tables):
    with getattr(store, name).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


@pytest.mark.parametrize("name", HEADS)
def test_the_stated_head_is_the_last_migration(name):
    scripts = ScriptDirectory(MIGRATIONS, version_locations=[str(MIGRATIONS / name)])
    assert scripts.get_heads() == [HEADS[name]]


def _open(settings: PipelineSettings) -> None:
    open_store(settings).close()


def open_in_four_processes(settings: PipelineSettings) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.map(_open, [settings] * 4)
    opened = open_store(settings)
    assert revision(opened.control) == HEADS["control"]
    opened.close()


def test_four_processes_may_open_a_fresh_store_at_once(tmp_path):
    open_in_four_processes(PipelineSettings(home=tmp_path))


def test_the_threads_of_one_process_may_open_fresh_databases_at_once(tmp_path):
    def made(number: int) -> bool:
        name, folder = list(HEADS)[number % 2], tmp_path / str(number)
        engine = open_engine(f"sqlite:///{folder}/fresh.db")
        ensure_schema(engine, name, folder)
        at = revision(engine)
        engine.dispose()
        return at == HEADS[name]

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(made, range(6)))


def _open_from_a_home_of_its_own(homes: tuple[Path, Path]) -> None:
    shared, home = homes
    _open(PipelineSettings(home=home, telemetry_url=f"sqlite:///{shared}/t.db", control_url=f"sqlite:///{shared}/c.db"))


def test_processes_with_different_homes_may_open_one_fresh_store_at_once(tmp_path):
    homes = [(tmp_path, tmp_path / str(number)) for number in range(4)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.map(_open_from_a_home_of_its_own, homes)
    engine = open_engine(f"sqlite:///{tmp_path}/c.db")
    assert revision(engine) == HEADS["control"]
    engine.dispose()


@pytest.mark.postgresql
def test_four_processes_may_open_fresh_postgresql_databases_at_once(postgresql_server, tmp_path):
    open_in_four_processes(postgresql_server.empty_pair(tmp_path))


def test_sqlite_is_opened_in_wal_mode(tmp_path):
    with open_engine(f"sqlite:///{tmp_path}/telemetry.db").connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_a_database_of_a_newer_release_is_refused(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/control.db")
    ensure_schema(engine, "control", tmp_path)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'control_9999'"))
    with pytest.raises(StoreError, match="newer release"):
        ensure_schema(engine, "control", tmp_path)


def test_an_address_that_is_none_is_refused_without_printing_it():
    with pytest.raises(StoreError) as caught:
        open_engine("my secret password")
    assert "secret" not in str(caught.value)


def test_times_come_back_aware_and_naive_ones_are_refused(store):
    table = control.leases
    now = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    with store.control.begin() as connection:
        connection.execute(insert(table).values(name="a", holder="h", token=1, expires_at=now))
        assert connection.execute(select(table.c.expires_at)).scalar() == now
    with pytest.raises(Exception, match="without a zone"), store.control.begin() as connection:
        connection.execute(insert(table).values(name="b", holder="h", token=1, expires_at=datetime(2026, 3, 1)))  # noqa: DTZ001


@pytest.mark.parametrize("value", ["plain", "\x00 \ud800 emoji 🎉", '["looks like json"]', (1.5, -0.0, 3e300)])
def test_any_input_survives_the_log(value):
    assert telemetry.decode_input(telemetry.encode_input(value)) == value
    assert telemetry.encode_input(value).isascii()
