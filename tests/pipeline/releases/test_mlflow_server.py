"""A training logs to an MLflow server of its own, on either database, and its artefact travels through that server."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.mlflow_server import mlflow_server
from pipeline.catalog import managed_model
from pipeline.errors import StoreError
from pipeline.releases.registry import open_mlflow, show_champion
from pipeline.settings import PipelineSettings
from pipeline.spec import SearchRules
from pipeline.store.open import open_store
from pipeline.training.retraining import retrain
from pipeline.training.workbench import open_workbench
from tests.postgresql import BOTH_DATABASES

FULL = managed_model("breast_cancer")
SPEC = replace(FULL, candidates=FULL.candidates[:1], search=SearchRules(folds=2, repeats=1))


def quiet(done: int, total: int, what: str) -> None:
    """No progress."""


@pytest.fixture(params=BOTH_DATABASES)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    backend = f"sqlite:///{tmp_path}/server.db"
    if request.param == "postgresql":
        backend = request.getfixturevalue("postgresql_server").empty_pair(tmp_path).control_address
    with mlflow_server(tmp_path / "server", backend) as address:
        yield address


def test_a_training_registers_its_version_and_artefact_with_the_server(server: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = PipelineSettings(_env_file=None, home=home, mlflow_tracking_uri=server, training_processes=1)
    store = open_store(settings)
    made = retrain(open_workbench(settings, store, SPEC), progress=quiet).version
    store.close()
    assert made is not None
    client = open_mlflow(settings)
    version = client.get_model_version_by_alias(SPEC.name, "challenger")
    assert (int(version.version), version.run_id) == (made.version, made.run_id)
    assert version.source.startswith("mlflow-artifacts:/")
    assert client.get_run(made.run_id).data.metrics
    place = f"served/{made.artifact_sha256}.safetensors"
    fetched = Path(client.download_artifacts(made.run_id, place, str(tmp_path)))
    assert hashlib.sha256(fetched.read_bytes()).hexdigest() == made.artifact_sha256
    (kept,) = (tmp_path / "server" / "proxied").rglob("*.safetensors")
    assert kept.read_bytes() == fetched.read_bytes()
    assert not list(home.glob("mlflow*.db"))
    assert not (home / "mlflow-artifacts").exists()
    show_champion(settings, made)
    assert int(client.get_model_version_by_alias(SPEC.name, "champion").version) == made.version


def test_a_server_that_is_away_is_said_and_not_waited_for_in_vain(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    settings = PipelineSettings(_env_file=None, home=tmp_path, mlflow_tracking_uri="http://127.0.0.1:9")
    with pytest.raises(StoreError, match="MLFLOW_TRACKING_URI"):
        open_mlflow(settings)
