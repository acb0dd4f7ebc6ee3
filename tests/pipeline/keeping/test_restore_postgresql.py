"""PostgreSQL's tables are replaced in one step: what a restore cannot finish leaves them as they were."""

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from pipeline.errors import KeepingError
from pipeline.keeping.backup import make_backup
from pipeline.keeping.copies import put_back_postgresql, tables_of
from pipeline.keeping.restore import restore
from pipeline.store.open import open_store
from tests.pipeline.keeping.year import NOW, logged, stored, write_log

pytestmark = pytest.mark.postgresql


@pytest.fixture
def home(postgresql_server, tmp_path):
    """Ten predictions are in the backup, and two more came after it."""
    settings = postgresql_server.fresh_pair(tmp_path / "home")
    store = open_store(settings)
    write_log(store, [logged(number) for number in range(10)])
    make_backup(settings, tmp_path / "backup", NOW)
    write_log(store, [logged(number) for number in (10, 11)])
    store.close()
    return settings


def rows(settings) -> int:
    store = open_store(settings)
    found = len(stored(store))
    store.close()
    return found


def test_without_pg_restore_nothing_is_touched(home, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KeepingError, match="pg_restore is not installed"):
        restore(home, tmp_path / "backup", NOW, replace=True)
    assert rows(home) == 12
    assert not list(home.root.glob("before-restore-*"))


def test_a_dump_that_ends_too_early_leaves_the_tables_as_they_were(home, tmp_path):
    dump = next((tmp_path / "backup" / "databases").glob("telemetry*"))
    dump.write_bytes(dump.read_bytes()[:-200])
    with pytest.raises(KeepingError, match="could not be restored"):
        put_back_postgresql(dump, home.telemetry_address)
    assert rows(home) == 12


def test_tables_that_the_backup_does_not_know_are_gone_after_it(home, tmp_path):
    engine = create_engine(home.telemetry_address)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE of_a_later_release (seq INTEGER)"))
    engine.dispose()
    restore(home, tmp_path / "backup", NOW + timedelta(days=1), replace=True)
    assert rows(home) == 10
    assert "of_a_later_release" not in tables_of(home.telemetry_address)
