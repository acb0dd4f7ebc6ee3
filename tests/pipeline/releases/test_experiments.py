"""What the list of trainings tells of a training and its search, as MLflow has it."""

from dataclasses import replace

from pipeline.catalog import managed_model
from pipeline.releases.experiments import summary
from pipeline.releases.registry import RunReport, experiment_id, log_run, open_mlflow
from pipeline.spec import SearchRules
from pipeline.training.retraining import retrain
from pipeline.training.workbench import open_workbench

FULL = managed_model("breast_cancer")
SPEC = replace(FULL, candidates=FULL.candidates[:1], search=SearchRules(folds=2, repeats=1))


def test_a_training_is_listed_with_how_many_settings_it_searched_and_its_version(settings, store):
    made = retrain(open_workbench(settings, store, SPEC), progress=lambda done, total, what: None)
    (found,) = summary(settings, store.control, SPEC.name)
    assert found.trials == len(made.trials) > 1
    assert (found.winner, found.version) == (made.trials[0].candidate.name, 1)
    assert found.f1 == made.trials[0].mean("f1")


def test_a_run_that_did_not_say_how_many_settings_it_searched_is_unknown_and_not_none_at_all(settings, store):
    client = open_mlflow(settings)
    experiment = experiment_id(client, SPEC.name, settings)
    log_run(client, experiment, RunReport(name="search", metrics={}, params={"winner": "x"}, tags={}), [])
    (found,) = summary(settings, store.control, SPEC.name)
    assert (found.trials, found.winner, found.f1, found.version) == (None, "x", None, None)
