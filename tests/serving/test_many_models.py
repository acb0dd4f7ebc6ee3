"""Several managed models in one service: each with its slots and its body, and none takes another down."""

import json

import numpy as np
import pytest

from pipeline.models.breast_cancer import FEATURES
from pipeline.served.artifact import artifact_path, pack
from pipeline.served.numeric_forms import Linear, NumericModel
from tests.serving.running import service
from tests.serving.world import artifact_content

NUMERIC = "breast_cancer"
VALUES = [float(place) for place in range(30)]
NAMED = dict(zip(FEATURES, VALUES, strict=True))


def numeric_content(scale: float = 1.0) -> bytes:
    form = Linear(mean=np.zeros(30), scale=np.full(30, scale), weights=np.linspace(-1, 1, 30), intercept=0.1)
    return pack(NumericModel(features=FEATURES, form=form, slope=0.01, offset=0.0, threshold=0.5), None, {})


@pytest.fixture
def client(world):
    world.first_champion("sms_spam", artifact_content(1))
    world.first_champion(NUMERIC, numeric_content())
    sha256 = world.first_champion("sms_numeric", artifact_content(1))
    artifact_path(world.settings.artifact_dir, "sms_numeric", sha256).write_bytes(b"altered")
    with service(world.serving_settings()) as opened:
        yield opened


def test_a_model_whose_artefact_is_broken_takes_no_other_down(client):
    assert client.post("/predict", json={"message": "win a prize"}).status_code == 200
    assert client.post(f"/models/{NUMERIC}/predict", json={"features": VALUES}).status_code == 200
    broken = client.post("/models/sms_numeric/predict", json={"message": "win"})
    assert broken.status_code == 503
    assert "altered" in broken.text
    current = client.get("/models/current").json()["models"]
    states = {name: current[name]["slots"]["champion"]["state"] for name in ("sms_spam", NUMERIC, "sms_numeric")}
    assert states == {"sms_spam": "serving", NUMERIC: "serving", "sms_numeric": "empty"}


def test_features_in_order_and_by_name_get_the_same_answer(client):
    in_order = client.post(f"/models/{NUMERIC}/predict", json={"features": VALUES}).json()
    by_name = client.post(f"/models/{NUMERIC}/predict", json={"features": NAMED}).json()
    assert (in_order["prediction"], in_order["confidence"]) == (by_name["prediction"], by_name["confidence"])
    assert in_order["top_features"][0]["feature"] in FEATURES


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"features": [1, 2, 3]}', "3 numbers, 30 are needed"),
        ('{"features": [NaN' + ", 1" * 29 + "]}", "mean radius"),
        ('{"features": [1, Infinity' + ", 1" * 28 + "]}", "mean texture"),
        ('{"features": [1, 2, "x"' + ", 1" * 27 + "]}", "mean perimeter"),
        ('{"features": [1, 2, 3, true' + ", 1" * 26 + "]}", "mean area"),
        ('{"features": [1, 2, 3, 1e999' + ", 1" * 26 + "]}", "mean area"),
        ('{"features": {"mean radius": 1}}', "mean texture is missing"),
        (json.dumps({"features": NAMED | {"size": 1}}), "size is not a feature"),
    ],
)
def test_wrong_features_are_refused_with_the_one_that_is_wrong(client, body, says):
    answer = client.post(f"/models/{NUMERIC}/predict", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert says in answer.text


def test_plain_predict_answers_for_the_model_that_default_model_names(world):
    world.first_champion(NUMERIC, numeric_content())
    settings = world.serving_settings()
    chosen = settings.pipeline.model_copy(update={"default_model": NUMERIC})
    with service(settings.model_copy(update={"pipeline": chosen})) as client:
        assert client.post("/predict", json={"features": VALUES}).json()["prediction"] in ("malignant", "benign")
        assert client.post("/predict", json={"message": "win"}).status_code == 422


def test_the_default_model_is_set_by_the_environment(monkeypatch, world):
    monkeypatch.setenv("DEFAULT_MODEL", "sentiment")
    assert type(world.settings)(_env_file=None).default_model == "sentiment"
