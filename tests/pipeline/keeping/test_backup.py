"""A backup is taken while everything is written, and what is restored from it is one moment of it, complete."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from agent.record.ledger import EntryKind, append
from pipeline.errors import KeepingError
from pipeline.keeping.archive import Archive
from pipeline.keeping.backup import MANIFEST, make_backup
from pipeline.keeping.restore import check_backup, restore
from pipeline.keeping.retention import archive_old_rows
from pipeline.releases.promotion import pointer, versions
from pipeline.settings import PipelineSettings
from pipeline.store import control, telemetry
from pipeline.store.chain import verify_chain
from pipeline.store.engine import writing
from pipeline.store.latencies import save_latencies
from pipeline.store.migrate import HEADS, revision, upgrade
from pipeline.store.open import Store, open_store
from tests.pipeline.builders import settings_in
from tests.pipeline.keeping.year import (
    MODEL,
    NOW,
    START,
    add_champions,
    add_look,
    archived,
    latency,
    logged,
    stored,
    write_log,
)
from tests.waiting import until

ROWS = 300


@pytest.fixture
def lived(settings, store) -> PipelineSettings:
    """A home with a champion, predictions, decisions, a registry file and rows that wait on the service's disk."""
    add_champions(settings, store)
    write_log(store, [logged(n) for n in range(ROWS)])
    save_latencies(store.telemetry, [latency(n) for n in range(5)])
    for number in range(5):
        decide(store, number)
    with store.control.begin() as connection:
        spent = {"conversation": "c1", "calls": 1, "tokens": 730, "usd": 0.01}
        connection.execute(insert(control.llm_spending).values(at=NOW, **spent))
    for place, content in (("registry/sms_spam/audit.log", "a line\n"), ("serving/spool/1-1.jsonl", "[]\n")):
        path = settings.root / place
        path.parent.mkdir(parents=True)
        path.write_text(content)
    return settings


def decide(store: Store, number: int) -> None:
    """A look in telemetry, and then its decision in control: the order that the agent keeps."""
    add_look(store, number + 1)
    append(
        store.control, decision_id=f"d{number}", model=MODEL, kind=EntryKind.DECISION, at=NOW, body={"number": number}
    )


@pytest.fixture
def elsewhere(request, settings, tmp_path) -> Iterator[PipelineSettings]:
    """An empty home on empty databases of the same kind."""
    home = tmp_path / "elsewhere"
    if settings.telemetry_url is None:
        yield settings_in(home)
    else:
        yield request.getfixturevalue("postgresql_server").empty_pair(home)


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row of both databases."""
    found = {}
    for engine, tables in ((store.telemetry, telemetry.metadata), (store.control, control.metadata)):
        with engine.connect() as connection:
            for name, table in tables.tables.items():
                rows = connection.execute(table.select().order_by(*table.primary_key))
                found[name] = [tuple(map(repr, row)) for row in rows]
    return found


def files_of(home: Path) -> dict[str, bytes]:
    folders = ("artifacts", "registry", "serving")
    return {
        str(path.relative_to(home)): path.read_bytes()
        for name in folders
        for path in sorted((home / name).rglob("*"))
        if path.is_file()
    }


def test_a_restored_home_equals_the_one_that_was_backed_up(lived, store, elsewhere, tmp_path):
    before = everything(store)
    made = make_backup(lived, tmp_path / "backup", NOW)
    assert made.ledger_entries == 5
    assert made.left_out == ()
    restored = restore(elsewhere, tmp_path / "backup", NOW)
    assert (restored.versions, restored.predictions, restored.ledger_entries) == (2, ROWS, 5)
    opened = open_store(elsewhere)
    assert everything(opened) == before
    assert pointer(opened.control, MODEL) == pointer(store.control, MODEL)
    assert versions(opened.control, MODEL) == versions(store.control, MODEL)
    assert files_of(elsewhere.root) == files_of(lived.root)
    write_log(opened, [logged(ROWS)])
    assert stored(opened)[-1]["seq"] == ROWS + 1
    opened.close()


def test_a_backup_under_writers_is_one_moment_of_what_they_wrote(lived, store, elsewhere, tmp_path):
    stop, errors, written = Event(), [], [ROWS]

    def write(number: int) -> None:
        while not stop.is_set():
            try:
                if number == 0:
                    write_log(store, [logged(n) for n in range(written[0], written[0] + 10)])
                    written[0] += 10
                else:
                    decide(store, 100 * number + len(errors))
            except SQLAlchemyError as error:
                errors.append(error)

    writers = [Thread(target=write, args=(number,)) for number in range(2)]
    for writer in writers:
        writer.start()
    until(lambda: written[0] > ROWS)
    began_at = written[0]
    make_backup(lived, tmp_path / "backup", NOW)
    at_the_end = written[0]
    until(lambda: written[0] > at_the_end)
    stop.set()
    for writer in writers:
        writer.join()
    assert errors == []
    restore(elsewhere, tmp_path / "backup", NOW)
    opened = open_store(elsewhere)
    found = [row["prediction_id"] for row in stored(opened)]
    assert found == [f"{MODEL}-{n}" for n in range(len(found))]
    assert began_at <= len(found) <= at_the_end + 10
    looks, decisions = len(stored(opened, telemetry.reports)), verify_chain(opened.control).entries
    assert looks - decisions in (0, 1)  # the decision of the last look may have been on its way
    opened.close()


def test_the_archive_travels_with_the_rows_that_left_the_database(lived, store, elsewhere, tmp_path):
    keeping = lived.model_copy(update={"keep_predictions_days": 355.0})
    archive_old_rows(keeping, store, {}, NOW, retired=[MODEL])
    assert len(archived(lived)) > 0
    make_backup(lived, tmp_path / "backup", NOW)
    restore(elsewhere, tmp_path / "backup", NOW)
    assert archived(elsewhere) == archived(lived)
    assert Archive(elsewhere.archive_dir).batches() == Archive(lived.archive_dir).batches()
    opened = open_store(elsewhere)
    assert len(archived(elsewhere)) + len(stored(opened)) == ROWS
    opened.close()


def test_a_home_that_holds_something_is_left_alone(lived, store, tmp_path):
    make_backup(lived, tmp_path / "backup", NOW)
    decide(store, 9)
    before = everything(store)
    store.close()
    with pytest.raises(KeepingError, match="something already"):
        restore(lived, tmp_path / "backup", NOW)
    assert everything(store) == before


def test_when_told_so_what_is_there_is_put_aside(lived, store, tmp_path):
    make_backup(lived, tmp_path / "backup", NOW)
    decide(store, 9)
    store.close()
    restored = restore(lived, tmp_path / "backup", NOW + timedelta(days=1), replace=True)
    assert verify_chain(store.control).entries == 5
    assert (restored.aside / "registry" / "sms_spam" / "audit.log").read_text() == "a line\n"
    if lived.control_url is None:
        old = open_store(settings_of(restored.aside, tmp_path))
        assert verify_chain(old.control).entries == 6
        old.close()


def settings_of(aside: Path, tmp_path: Path) -> PipelineSettings:
    urls = {f"{name}_url": f"sqlite:///{aside}/{name}-{name}.db" for name in ("telemetry", "control")}
    return PipelineSettings(home=tmp_path / "looked_at", **urls)


@pytest.mark.parametrize("place", ["databases/control.db", "home/registry/sms_spam/audit.log"])
@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_a_damaged_backup_is_refused_before_anything_is_touched(tmp_path, place, damage):
    home = settings_in(tmp_path / "home")
    store = open_store(home)
    (home.root / "registry" / "sms_spam").mkdir(parents=True)
    (home.root / "registry" / "sms_spam" / "audit.log").write_text("a line\n")
    make_backup(home, tmp_path / "backup", NOW)
    store.close()
    file = tmp_path / "backup" / place
    file.unlink() if damage == "missing" else file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(KeepingError, match=place):
        restore(settings_in(tmp_path / "elsewhere"), tmp_path / "backup", NOW)
    assert not (tmp_path / "elsewhere").exists()


def test_a_ledger_that_is_not_the_one_noted_is_reported(lived, store, elsewhere, tmp_path):
    make_backup(lived, tmp_path / "backup", NOW)
    body = json.loads((tmp_path / "backup" / MANIFEST).read_text())
    body["ledger"]["entries"] = 6
    (tmp_path / "backup" / MANIFEST).write_text(json.dumps(body))
    with pytest.raises(KeepingError, match="5 entries instead of 6"):
        restore(elsewhere, tmp_path / "backup", NOW)


def test_an_altered_ledger_entry_is_found_after_restoring(lived, store, elsewhere, tmp_path):
    with writing(store.control).begin() as connection:
        connection.execute(control.ledger.update().where(control.ledger.c.seq == 3).values(body="{}"))
    make_backup(lived, tmp_path / "backup", NOW)
    with pytest.raises(KeepingError, match="its content does not give its hash"):
        restore(elsewhere, tmp_path / "backup", NOW)


def test_a_version_without_its_artefact_is_said_to_be_left_out(lived, store, tmp_path):
    next(lived.artifact_dir.glob("*/*.safetensors")).unlink()
    made = make_backup(lived, tmp_path / "backup", NOW)
    assert len(made.left_out) == 1
    assert "cannot be served again" in made.left_out[0]


def test_a_backup_of_an_earlier_release_is_brought_forward(tmp_path):
    home = settings_in(tmp_path / "home")
    store = Store(*(open_at(home, name, first) for name, first in (("telemetry", 1), ("control", 1))))
    with writing(store.control).begin() as connection:
        row = {"name": "l", "holder": "h", "token": 7, "expires_at": START}
        connection.execute(insert(control.leases).values(**row))
    store.close()
    make_backup(home, tmp_path / "backup", NOW)
    restore(settings_in(tmp_path / "new"), tmp_path / "backup", NOW)
    opened = open_store(settings_in(tmp_path / "new"))
    assert revision(opened.control) == HEADS["control"]
    with opened.control.connect() as connection:
        assert connection.execute(control.leases.select()).one().token == 7
    opened.close()


def open_at(home: PipelineSettings, name: str, number: int):
    from pipeline.store.engine import open_engine

    engine = open_engine(getattr(home, f"{name}_address"))
    with writing(engine).begin() as connection:
        upgrade(connection, name, None, f"{name}_{number:04d}")
    return engine


def test_a_folder_that_exists_and_one_that_is_no_backup_are_refused(lived, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(KeepingError, match="exists already"):
        make_backup(lived, tmp_path / "there", NOW)
    with pytest.raises(KeepingError, match="cannot be read"):
        check_backup(tmp_path / "there")


def test_a_backup_that_cannot_be_finished_leaves_nothing(lived, tmp_path):
    artifact = next(lived.artifact_dir.glob("*/*.safetensors"))
    (artifact.parent / "loop.safetensors").symlink_to("/proc/self/mem")
    with pytest.raises(KeepingError, match="could not be written"):
        make_backup(lived, tmp_path / "backup", NOW)
    assert list(tmp_path.glob("backup*")) == []


@pytest.mark.postgresql
def test_without_pg_dump_the_way_to_get_it_is_said(postgresql_server, tmp_path, monkeypatch):
    settings = postgresql_server.fresh_pair(tmp_path / "home")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KeepingError, match="apt-get install postgresql-client"):
        make_backup(settings, tmp_path / "backup", NOW)
    assert shutil.which("pg_dump") is None
