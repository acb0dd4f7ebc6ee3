"""A training and its MLflow: the control store counts the versions, and what MLflow lost or refuses is said."""

import sqlite3
from dataclasses import replace

import pytest
from mlflow.tracking import MlflowClient

from pipeline.catalog import managed_model
from pipeline.errors import StoreError
from pipeline.releases.promotion import versions
from pipeline.releases.registry import show_champion
from pipeline.spec import SearchRules
from pipeline.training.retraining import retrain
from pipeline.training.workbench import open_workbench
from tests.pipeline.builders import add_version

FULL = managed_model("breast_cancer")
SPEC = replace(FULL, candidates=FULL.candidates[:1], search=SearchRules(folds=2, repeats=1))


def quiet(done: int, total: int, what: str) -> None:
    """No progress."""


def trained(settings, store):
    return retrain(open_workbench(settings, store, SPEC), progress=quiet)


def test_after_a_loss_of_mlflow_versions_go_on_counting_and_its_aliases_mean_the_right_one(settings, store, caplog):
    before, _ = (add_version(settings, store, version, model=SPEC.name) for version in (1, 2))
    made = trained(settings, store).version
    assert made.version == 3
    client = MlflowClient(settings.mlflow_address)
    challenger = client.get_model_version_by_alias(SPEC.name, "challenger")
    assert (challenger.run_id, challenger.tags) == (made.run_id, {"refit_version": "v3"})
    show_champion(settings, made)
    assert client.get_model_version_by_alias(SPEC.name, "champion").run_id == made.run_id
    assert not caplog.messages
    show_champion(settings, before)  # MLflow's own v1 is another version now
    assert "alias champion of breast_cancer still shows" in caplog.text
    assert client.get_model_version_by_alias(SPEC.name, "champion").run_id == made.run_id


def test_an_mlflow_that_refuses_a_version_is_said_with_what_to_do_and_leaves_no_version(settings, store):
    trained_before = trained(settings, store).version
    file = settings.mlflow_address.removeprefix("sqlite:///")
    with sqlite3.connect(file) as mlflow:
        mlflow.execute("CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(StoreError, match="MLFLOW_TRACKING_URI"):
        retrain(open_workbench(settings, store, replace(SPEC, search=SearchRules(folds=3))), progress=quiet)
    assert versions(store.control, SPEC.name) == [trained_before]
