"""The line of a request in the access log names its predictions, whichever way the request went."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.serving.running import ServerProcess
from tests.serving.world import MODEL, World
from tests.waiting import until

INFER = {"inputs": [{"name": "message", "shape": [2], "datatype": "BYTES", "data": ["win", "home"]}]}


@pytest.fixture
def trained(world: World) -> World:
    world.add_version(1)
    world.promote(1)
    return world


def lines(log: Path) -> list[dict[str, Any]]:
    """The access log's lines among all that a service has said."""
    found = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    return [line for line in found if "peer" in line]


@pytest.mark.parametrize("straight", ["true", "false"])
def test_a_line_of_the_access_log_names_the_predictions_of_its_request(trained: World, straight: str) -> None:
    settings = {"REFIT_SERVING_ACCESS_LOG": "true", "REFIT_SERVING_FAST_PATH": straight}
    with ServerProcess(trained.settings.root, **settings) as server:
        single = server.client.post("/predict", json={"message": "win"}, headers={"x-request-id": "single"}).json()
        named = server.client.post(f"/models/{MODEL}/predict", json={"message": "win"}).json()
        batch = server.client.post("/predict/batch", json={"messages": ["win", "home", "prize"]}).json()["predictions"]
        infer = server.client.post(f"/v2/models/{MODEL}/infer", json=INFER).json()["outputs"]
        server.client.post("/predict", json={"message": 7})
        server.client.get("/models")
        until(lambda: len(lines(server.log)) >= 6, lambda: server.log.read_text())
        told = lines(server.log)
        went_straight = server.counted("refit_straight_total")
    (rows,) = [output["data"] for output in infer if output["name"] == "prediction_id"]
    assert [(line["path"], line["prediction_id"], line["predictions"]) for line in told] == [
        ("/predict", single["prediction_id"], 1),
        (f"/models/{MODEL}/predict", named["prediction_id"], 1),
        ("/predict/batch", batch[0]["prediction_id"], 3),
        (f"/v2/models/{MODEL}/infer", rows[0], 2),
        ("/predict", None, 0),
        ("/models", None, 0),
    ]
    assert told[0]["request_id"] == "single"
    assert went_straight == (1 if straight == "true" else 0)
