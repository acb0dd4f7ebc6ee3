"""Inputs for which a sound version finds no probability: refused on every path and never logged."""

import pytest

from tests.serving.running import service
from tests.serving.test_many_models import NUMERIC, VALUES, numeric_content
from tests.serving.world import World

TOO_LARGE = [1e308] * len(VALUES)
TENSOR = {"name": "features", "shape": [1, len(VALUES)], "datatype": "FP64", "data": TOO_LARGE}
REQUESTS = [
    (f"/models/{NUMERIC}/predict", {"features": TOO_LARGE}),
    (f"/models/{NUMERIC}/predict/batch", {"rows": [VALUES, TOO_LARGE]}),
    (f"/v2/models/{NUMERIC}/infer", {"inputs": [TENSOR]}),
]


@pytest.fixture
def numeric(world: World) -> World:
    """Its numbers overflow in both directions, so that their sum is none."""
    world.first_champion(NUMERIC, numeric_content(scale=0.01))
    return world


@pytest.mark.parametrize("mode", ["batched", "durable"])
@pytest.mark.parametrize(("path", "body"), REQUESTS)
def test_numbers_that_are_too_large_to_compute_with_are_refused_and_not_logged(
    numeric: World, mode: str, path: str, body: object
) -> None:
    with service(numeric.serving_settings(log_mode=mode)) as client:
        answer = client.post(path, json=body)
        assert answer.status_code == 422
        assert "finds no probability" in answer.text
        assert client.post(f"/models/{NUMERIC}/predict", json={"features": VALUES}).status_code == 200
    assert len(numeric.logged()) == 1


@pytest.mark.parametrize("direction", [1e308, -1e308])
def test_a_sum_that_is_infinite_is_no_certainty_but_refused(world: World, direction: float) -> None:
    world.first_champion(NUMERIC, numeric_content(scale=0.01))
    with service(world.serving_settings()) as client:
        one_is_too_large = [direction, *VALUES[1:]]
        answer = client.post(f"/models/{NUMERIC}/predict", json={"features": one_is_too_large})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no_answer")
        large_and_fine = [direction / 1e200, *VALUES[1:]]
        answer = client.post(f"/models/{NUMERIC}/predict", json={"features": large_and_fine})
        assert answer.status_code == 200
        assert None not in [part["contribution"] for part in answer.json()["top_features"]]
