"""What people see of a move, in MLflow and in files: whatever that trips over, the promotion has happened already."""

import pytest
from sqlalchemy import text

from pipeline.records import JudgedVersion, Provenance, VersionRecord
from pipeline.releases.promotion import promote
from pipeline.releases.registry import show_champion
from pipeline.releases.views import show_move
from pipeline.settings import PipelineSettings
from pipeline.store.engine import writing
from tests.pipeline.builders import NOON, add_verdict, add_version

M = "sms_spam"
TRAINED = VersionRecord(
    model=M,
    version=2,
    artifact_sha256="0" * 64,
    artifact_bytes=1,
    run_id="0" * 32,
    trained_at=NOON,
    training_rows=1,
    training_rows_sha256="0" * 64,
)


def test_a_home_that_cannot_be_written_is_reported_and_raises_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    show_champion(PipelineSettings(_env_file=None, home=tmp_path / "file" / "below"), TRAINED)
    assert "alias champion of sms_spam still shows an older version" in caplog.text


def test_a_version_that_mlflow_does_not_know_is_reported_and_raises_nothing(tmp_path, caplog):
    show_champion(PipelineSettings(_env_file=None, home=tmp_path), TRAINED)
    assert "alias champion of sms_spam still shows an older version" in caplog.text


@pytest.fixture
def move(settings, store):
    add_version(settings, store, 1)
    judged = JudgedVersion(model=M, version=1, verdict_id=add_verdict(store, 1, champion=None), expected_generation=0)
    return promote(store.control, judged, Provenance(who="agent", why="the gate passed", at=NOON))


def test_a_move_is_written_into_the_files_of_the_registry(settings, store, move):
    show_move(settings, store.control, move)
    folder = settings.registry_dir / M
    assert '"version": 1' in (folder / "registry.json").read_text()
    assert 'promote v1 who="agent" why="the gate passed"' in (folder / "audit.log").read_text()


def test_files_that_cannot_be_written_are_reported_and_raise_nothing(settings, store, move, caplog):
    settings.registry_dir.write_text("no folder")
    show_move(settings, store.control, move)
    assert "still show an older champion" in caplog.text


def test_a_store_that_fails_after_the_move_is_reported_and_raises_nothing(settings, store, move, caplog):
    with writing(store.control).begin() as connection:
        connection.execute(text("ALTER TABLE versions RENAME TO away"))
    show_move(settings, store.control, move)
    assert "still show an older champion" in caplog.text
