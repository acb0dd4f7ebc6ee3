"""Drift of a model of numbers over HTTP: given rows, and the kept report of a window."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from pipeline.catalog import managed_model
from pipeline.checks import check_window, keep_check
from pipeline.models.breast_cancer import FEATURES
from pipeline.monitoring.numeric import build_numeric_profile
from pipeline.monitoring.window import latest_window
from pipeline.releases.promotion import pointer
from pipeline.served.artifact import artifact_path, load_artifact, pack
from pipeline.served.numeric_forms import Linear, NumericModel
from tests.serving.running import service
from tests.serving.world import World
from tests.waiting import until

MODEL = "breast_cancer"


def rows(count: int, seed: int, shift: float = 0.0) -> list[list[float]]:
    """Rows of 30 features, the first five of them shifted by so many standard deviations."""
    found = np.random.default_rng(seed).normal(10, 1, size=(count, len(FEATURES)))
    found[:, :5] += shift
    return found.round(3).tolist()


def model_bytes() -> bytes:
    width = len(FEATURES)
    form = Linear(mean=np.full(width, 10.0), scale=np.ones(width), weights=np.ones(width), intercept=0.0)
    model = NumericModel(features=FEATURES, form=form, slope=1.0, offset=0.0, threshold=0.5)
    return pack(model, build_numeric_profile(np.array(rows(400, seed=1)), FEATURES), {"version": 1})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(Path(tmp_path_factory.mktemp("numbers")) / "home")
    made.first_champion(MODEL, model_bytes())
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    with service(world.serving_settings()) as made:
        until(lambda: made.get(f"/models/{MODEL}/drift/latest").status_code == 200)
        yield made


def test_rows_like_the_training_rows_are_no_drift(client: TestClient):
    report = client.post(f"/models/{MODEL}/drift/calculate", json={"rows": rows(500, seed=2)}).json()
    assert (report["status"], report["drift_detected"], report["model_version"]) == ("ok", False, "v1")
    assert 0 <= report["numeric_drift"] <= report["threshold"] == 0.15
    assert report["recommendation"] == "No drift: nothing to do."


def test_shifted_features_are_drift_and_named(client: TestClient):
    report = client.post(f"/models/{MODEL}/drift/calculate", json={"rows": rows(500, seed=3, shift=1.0)}).json()
    assert report["drift_detected"] is True
    assert set(report["shifted"]) >= set(FEATURES[:5])
    first = report["readings"][0]
    assert first["raw"] > first["alarm_at"] > first["expected"]
    assert f"{first['feature']}: distance" in report["explanation"][0]


def test_few_rows_say_nothing(client: TestClient):
    report = client.post(f"/models/{MODEL}/drift/calculate", json={"rows": rows(29, seed=4)}).json()
    assert (report["status"], report["numeric_drift"], report["drift_detected"]) == ("insufficient", None, None)


def test_the_kept_report_of_a_window_of_numbers_is_served(client: TestClient, world: World):
    assert client.get(f"/models/{MODEL}/drift/latest").json()["report"] is None
    answered = client.post(f"/models/{MODEL}/predict/batch", json={"rows": rows(60, seed=5, shift=1.5)})
    assert answered.status_code == 200
    until(lambda: len(world.logged()) == 60)
    champion = pointer(world.control, MODEL)
    path = artifact_path(world.settings.artifact_dir, MODEL, champion.artifact_sha256)
    window = latest_window(world.store.telemetry, model=MODEL, version=1, rows=100)
    check = check_window(load_artifact(path, champion.artifact_sha256), managed_model(MODEL), window)
    keep_check(world.store.telemetry, champion, check, datetime.now(UTC))
    report = client.get(f"/models/{MODEL}/drift/latest").json()["report"]
    assert report["body"]["drift"]["drift_detected"] is True
    assert set(report["body"]["drift"]["shifted"]) >= set(FEATURES[:5])
