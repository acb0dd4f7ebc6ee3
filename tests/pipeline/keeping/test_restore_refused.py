"""What a restore trips over, on the disk or in a database, is said in a sentence, with where the former files are."""

import pytest

from pipeline.errors import KeepingError
from pipeline.keeping.backup import make_backup
from pipeline.keeping.restore import restore
from pipeline.settings import PipelineSettings
from pipeline.store import control
from pipeline.store.open import open_store
from tests.pipeline.builders import settings_in
from tests.pipeline.keeping.year import NOW, logged, stored, write_log


@pytest.fixture
def home(tmp_path):
    """A home with three predictions and a line of the registry, and its backup."""
    settings = settings_in(tmp_path / "home")
    store = open_store(settings)
    write_log(store, [logged(number) for number in range(3)])
    (settings.root / "registry").mkdir()
    (settings.root / "registry" / "audit.log").write_text("a line\n")
    make_backup(settings, tmp_path / "backup", NOW)
    store.close()
    return settings


def test_two_restores_in_one_second_put_their_files_aside_apart(home, tmp_path):
    first, second = (restore(home, tmp_path / "backup", NOW, replace=True) for _ in range(2))
    assert first.aside != second.aside
    assert all((made.aside / "registry" / "audit.log").exists() for made in (first, second))
    store = open_store(home)
    assert len(stored(store)) == 3
    store.close()


def test_a_disk_that_refuses_stops_the_restore_with_a_sentence(home, tmp_path):
    elsewhere = settings_in(tmp_path / "elsewhere")
    elsewhere.root.mkdir()
    (elsewhere.root / "registry").symlink_to(tmp_path / "away" / "registry")  # a disk that is not mounted
    with pytest.raises(KeepingError, match=r"stopped half-way, at .*registry.*: .*restore again with --replace"):
        restore(elsewhere, tmp_path / "backup", NOW)


def test_databases_that_processes_use_are_not_replaced(home, tmp_path):
    store = open_store(home)
    with store.control.connect() as connection:
        connection.execute(control.leases.select())
        with pytest.raises(KeepingError, match="Stop serving"):
            restore(home, tmp_path / "backup", NOW, replace=True)
    store.close()


def test_a_database_of_another_kind_is_refused(home, tmp_path):
    other = PipelineSettings(home=tmp_path / "other", control_url="postgresql+psycopg2://nobody@/nowhere")
    with pytest.raises(KeepingError, match="holds control of sqlite"):
        restore(other, tmp_path / "backup", NOW)
