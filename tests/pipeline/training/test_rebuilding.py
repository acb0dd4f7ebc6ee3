"""A version can be made again from what is recorded of it, and the small commands around it say the truth."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from pipeline.catalog import managed_model
from pipeline.errors import ArtifactError, UnknownVersionError
from pipeline.releases.promotion import pointer
from pipeline.settings import PipelineSettings
from pipeline.spec import SearchRules
from pipeline.store.open import Store, open_store
from pipeline.training.lineage import differences, environment, lineage_of
from pipeline.training.rebuilding import rebuild
from pipeline.training.registering import rows_folder
from pipeline.training.retraining import retrain
from pipeline.training.workbench import open_workbench

SPEC = replace(managed_model("breast_cancer"), search=SearchRules(folds=2, repeats=1))


def quiet(done: int, total: int, what: str) -> None:
    """No progress."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> PipelineSettings:
    return PipelineSettings(home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def trained(settings) -> Store:
    store = open_store(settings)
    retrain(open_workbench(settings, store, SPEC), progress=quiet)
    yield store
    store.close()


def test_a_version_records_code_packages_data_split_seeds_and_parameters(settings, trained):
    lineage = lineage_of(trained.control, SPEC.name, 1)
    assert lineage["environment"]["code"]["sha256"] == environment()["code"]["sha256"]
    assert lineage["environment"]["packages"]["scikit-learn"]
    assert len(lineage["data"]["training_rows_sha256"]) == 64
    assert lineage["data"]["provenance"] == {"base": sum(part["rows"] for part in lineage["training_rows"])}
    assert (lineage["split"]["holdout"], lineage["search"]["seed"]) == (0.20, 7)
    assert lineage["winner"]["candidate"] in ("logistic_regression", "random_forest")


def test_a_rebuilt_version_has_the_same_bytes(settings, trained):
    found = rebuild(settings, trained, SPEC, 1, quiet)
    assert found.identical, found.content
    assert (found.environment, found.content) == ((), ())


def test_a_rebuild_with_another_specification_says_what_differs(settings, trained):
    changed = replace(SPEC, candidates=tuple(replace(c, grid=_other(c.grid)) for c in SPEC.candidates))
    found = rebuild(settings, trained, changed, 1, quiet)
    assert not found.identical
    assert found.content


def _other(grid):
    return {"C": (0.01,)} if "C" in grid else {"n_estimators": (5,)}


def test_without_its_rows_a_version_cannot_be_rebuilt(settings, trained):
    with pytest.raises(UnknownVersionError):
        rebuild(settings, trained, SPEC, 9, quiet)
    lineage = lineage_of(trained.control, SPEC.name, 1)
    file = rows_folder(settings, SPEC.name) / f"{lineage['training_rows'][0]['sha256']}.parquet"
    content = file.read_bytes()
    file.unlink()
    with pytest.raises(ArtifactError, match="cannot be read"):
        rebuild(settings, trained, SPEC, 1, quiet)
    file.write_bytes(content)


def test_differences_between_environments_are_told_one_by_one():
    before = {"python": "3.11.7", "packages": {"numpy": "2.4.6", "scipy": "1.17.1"}}
    after = {"python": "3.11.7", "packages": {"numpy": "2.5.0"}}
    assert differences(before, after) == [
        "packages.numpy was 2.4.6, is 2.5.0",
        "packages.scipy was 1.17.1, is absent",
    ]


def command(settings, *words: str, code: int = 0) -> str:
    environment = {**os.environ, "REFIT_HOME": str(settings.home)}
    done = subprocess.run([sys.executable, "-m", "pipeline", *words], capture_output=True, text=True, env=environment)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_promotion_baseline_registry_explanation_and_experiments_from_the_command_line(settings, trained, tmp_path):
    command(settings, "promote", SPEC.name, "v1", "--who", "ann")
    assert pointer(trained.control, SPEC.name).version == 1
    registry = json.loads((settings.registry_dir / SPEC.name / "registry.json").read_text())
    assert (registry["champion"]["version"], registry["versions"][0]["verdict"]) == (1, "passed")
    audit = (settings.registry_dir / SPEC.name / "audit.log").read_text().splitlines()
    assert [line.split()[2] for line in audit] == ["registered", "judged_passed", "judged_passed", "promote"]
    assert 'who="ann"' in audit[-1]
    file = tmp_path / "baseline.json"
    assert "F1" in command(settings, "baseline", "export", SPEC.name, str(file))
    assert "compares with breast_cancer v1" in command(settings, "baseline", "import", SPEC.name, str(file))
    assert json.loads(command(settings, "baseline", "show", SPEC.name)) == json.loads(file.read_text())
    assert "has no version v7. There are: v1." in command(settings, "lineage", SPEC.name, "v7", code=1)
    values = json.dumps([1.0] * 30)
    told = json.loads(command(settings, "explain", SPEC.name, values, "--json"))
    assert told["prediction"] in SPEC.labels
    assert "30 numbers" in command(settings, "explain", SPEC.name, "[1]", code=1)
    (training,) = json.loads(command(settings, "experiments", SPEC.name, "--json"))["trainings"]
    assert (training["version"], training["f1"] > 0.9) == (1, True)
