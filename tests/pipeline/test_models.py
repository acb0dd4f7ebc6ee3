"""The contract of a managed model, held by every file of pipeline/models."""

from dataclasses import replace

import pytest

from pipeline.catalog import catalog, managed_model
from pipeline.data.homes import assign_homes
from pipeline.errors import UnknownModelError
from pipeline.gate.evaluation import majority_accuracy
from pipeline.gate.rules import VerdictStatus
from pipeline.served.artifact import artifact_path, load_artifact
from pipeline.settings import PipelineSettings
from pipeline.spec import LoadedData, ModelSpec, NumericInput, SearchRules
from pipeline.store.open import open_store
from pipeline.training.fitting import labels_of
from pipeline.training.retraining import retrain
from pipeline.training.search import combinations
from pipeline.training.workbench import open_workbench

NAMES = list(catalog())
MOST_ROWS = 6_000


def test_the_catalog_is_sorted_and_an_unknown_name_is_answered_with_the_known_ones():
    assert sorted(NAMES) == NAMES
    with pytest.raises(UnknownModelError, match="sms_spam"):
        managed_model("smsspam")


@pytest.mark.parametrize("name", NAMES)
def test_a_model_names_itself_as_its_file_two_labels_and_rules_for_both_gates(name):
    spec = managed_model(name)
    assert spec.name == name
    assert len(set(spec.labels)) == 2
    assert all(label == label.lower() for label in spec.labels)
    assert spec.gate.first
    assert spec.gate.challenger
    assert all(list(combinations(candidate)) for candidate in spec.candidates)
    assert len({candidate.name for candidate in spec.candidates}) == len(spec.candidates)


@pytest.mark.parametrize("name", NAMES)
def test_the_data_of_a_model_has_both_classes_in_every_home(name):
    spec = managed_model(name)
    homes = assign_homes(spec.load(PipelineSettings()), spec.homes)
    for rows in (homes.train, homes.holdout, homes.live):
        assert 0.5 <= majority_accuracy(labels_of(rows)) < 0.95
    if isinstance(spec.input, NumericInput):
        assert {len(row.input) for row in homes.train} == {len(spec.input.features)}


@pytest.mark.parametrize("name", NAMES)
def test_a_first_version_of_every_model_passes_its_gate_and_can_be_served(name, tmp_path):
    settings = PipelineSettings(home=tmp_path, data_dir=PipelineSettings().data_dir)
    spec = slice_of(managed_model(name))
    store = open_store(settings)
    bench = open_workbench(settings, store, spec)
    result = retrain(bench, progress=lambda done, total, what: None)
    store.close()
    assert result.verdict.status is VerdictStatus.PASSED, result.verdict.reason
    sha256 = result.artifact_sha256
    artifact = load_artifact(artifact_path(settings.artifact_dir, name, sha256), sha256)
    answer = artifact.predictor.explain(bench.homes.live[0].input)
    assert answer.prediction in (0, 1)
    assert 0.0 <= answer.score <= 1.0
    assert answer.top_features


def slice_of(spec: ModelSpec) -> ModelSpec:
    """The model with a short search, and with some thousands of its rows where it has many."""

    def some(settings: PipelineSettings) -> LoadedData:
        loaded = spec.load(settings)
        return replace(loaded, rows=loaded.rows[:: max(1, len(loaded.rows) // MOST_ROWS)])

    return replace(spec, load=some, search=SearchRules(folds=2, repeats=1))
