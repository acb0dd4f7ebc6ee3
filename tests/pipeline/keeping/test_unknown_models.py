"""Old rows of a model whose file is away: kept while the model has versions, until a person says that it is gone."""

import pytest

from pipeline.catalog import whole_catalog
from pipeline.commands.keeping import STAYED
from pipeline.errors import InputError
from pipeline.keeping.retention import archive_old_rows
from tests.pipeline.builders import add_version
from tests.pipeline.keeping.year import NOW, logged, write_log

AWAY = "away"


@pytest.fixture
def served(settings, store):
    """Ten old answers of a model that no file describes, and a young one of another."""
    write_log(store, [*(logged(number, model=AWAY) for number in range(10)), logged(0, model="young", at=NOW)])
    return settings.model_copy(update={"keep_predictions_days": 300.0})


@pytest.mark.parametrize("dry_run", [True, False])
def test_rows_of_a_model_that_has_versions_stay_and_it_is_said_why(served, store, dry_run):
    add_version(served, store, 1, model=AWAY)
    made = archive_old_rows(served, store, {}, NOW, dry_run=dry_run)
    assert made.rows.get("predictions", 0) == 0
    assert made.stayed == {"unknown": 10}
    assert "--retired" in STAYED["unknown"]


def test_rows_of_a_model_that_a_person_retires_go_by_their_age(served, store):
    add_version(served, store, 1, model=AWAY)
    made = archive_old_rows(served, store, {}, NOW, retired=[AWAY])
    assert (made.rows, made.stayed) == ({"predictions": 10}, {})


def test_rows_of_a_model_that_never_had_a_version_go_by_their_age(served, store):
    assert archive_old_rows(served, store, {}, NOW).rows == {"predictions": 10}


def test_what_must_know_every_model_is_refused_while_a_model_file_cannot_be_used(tmp_path, monkeypatch):
    monkeypatch.setenv("REFIT_MODELS_DIR", str(tmp_path))
    assert "sms_spam" in whole_catalog()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "torn.py").write_text("SPEC =")
    monkeypatch.setenv("REFIT_MODELS_DIR", str(tmp_path / "broken"))
    with pytest.raises(InputError, match="torn: SyntaxError"):
        whole_catalog()
