"""The Open Inference Protocol: what its clients send, in JSON and with Triton's binary extension."""

import json
import struct
import tomllib
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipeline.releases.rollout import RolloutRules, Stage, Strategy, Traffic
from tests.serving.running import service
from tests.serving.world import MODEL, World
from tests.waiting import until

INFER = f"/v2/models/{MODEL}/infer"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    world = World(tmp_path_factory.mktemp("v2") / "home")
    world.add_version(1)
    world.promote(1)
    with service(world.serving_settings()) as made:
        yield made
    world.store.close()


def tensor(*data: Any, **changes: Any) -> dict[str, Any]:
    return {"name": "message", "shape": [len(data)], "datatype": "BYTES", "data": list(data)} | changes


def test_the_server_and_its_models_describe_themselves(client: TestClient) -> None:
    assert client.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    release = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["version"]
    assert client.get("/v2").json()["version"] == client.get("/openapi.json").json()["info"]["version"] == release
    assert client.get("/v2/health/live").status_code == client.get("/v2/health/ready").status_code == 200
    described = client.get(f"/v2/models/{MODEL}").json()
    assert (described["name"], described["versions"]) == (MODEL, ["v1"])
    assert described["inputs"] == [{"name": "message", "datatype": "BYTES", "shape": [-1]}]
    assert client.get(f"/v2/models/{MODEL}/ready").status_code == 200
    assert client.get(f"/v2/models/{MODEL}/versions/1/ready").status_code == 200
    assert client.get(f"/v2/models/{MODEL}/versions/2/ready").status_code == 404
    assert client.get("/v2/models/nothing").status_code == 404


def test_without_a_champion_a_model_is_not_ready(world: World) -> None:
    with service(world.serving_settings()) as empty:
        assert empty.get("/v2/health/ready").status_code == empty.get(f"/v2/models/{MODEL}/ready").status_code == 503
        assert empty.post(INFER, json={"inputs": [tensor("win")]}).status_code == 503


def test_rows_are_answered_in_order_with_label_probability_and_id(client: TestClient) -> None:
    answer = client.post(INFER, json={"id": "a", "inputs": [tensor("win a prize", "home for lunch")]}).json()
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("a", MODEL, "v1")
    outputs = {output["name"]: output for output in answer["outputs"]}
    assert outputs["label"]["data"] == ["spam", "ham"]
    assert outputs["probability"]["data"][0] > 0.9 > outputs["probability"]["data"][1]
    assert len(set(outputs["prediction_id"]["data"])) == 2
    assert all(output["shape"] == [2] for output in outputs.values())


def test_nested_rows_and_chosen_outputs(client: TestClient) -> None:
    inputs = [tensor(["win"], ["home"], shape=[2, 1])]
    answer = client.post(INFER, json={"inputs": inputs, "outputs": [{"name": "label"}]}).json()
    assert [output["name"] for output in answer["outputs"]] == ["label"]
    assert answer["outputs"][0]["data"] == ["spam", "ham"]


def binary(*texts: bytes, wanted: bool = True) -> tuple[bytes, dict[str, str]]:
    raw = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    given = {"name": "message", "shape": [len(texts)], "datatype": "BYTES"}
    given["parameters"] = {"binary_data_size": len(raw)}
    outputs = [{"name": name, "parameters": {"binary_data": wanted}} for name in ("label", "probability")]
    head = json.dumps({"inputs": [given], "outputs": outputs}).encode()
    return head + raw, {"inference-header-content-length": str(len(head))}


def test_the_binary_extension_of_triton(client: TestClient) -> None:
    content, headers = binary(b"win a prize", "home für lunch".encode())
    answer = client.post(INFER, content=content, headers=headers)
    length = int(answer.headers["inference-header-content-length"])
    described = json.loads(answer.content[:length])["outputs"]
    raw = answer.content[length:]
    assert [output["parameters"]["binary_data_size"] for output in described] == [4 + 4 + 4 + 3, 16]
    assert raw[:15] == b"\x04\x00\x00\x00spam\x03\x00\x00\x00ham"
    assert struct.unpack("<2d", raw[15:])[0] > 0.9


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"inputs": []},
        {"inputs": [tensor("a"), tensor("b")]},
        {"inputs": [tensor("a", datatype="FP32")]},
        {"inputs": [tensor("a", shape=[2])]},
        {"inputs": [tensor("a", shape=[-1])]},
        {"inputs": [tensor("a", shape=[1_000_000] * 8)]},
        {"inputs": [tensor(" ")]},
        {"inputs": [tensor(7)]},
        {"inputs": [tensor([["a"]], shape=[1])]},
        {"inputs": [tensor(shape=[0])]},
        {"inputs": [tensor("a")], "outputs": [{"name": "secret"}]},
        {"inputs": [tensor("a", parameters={"binary_data_size": 3})]},
        {"inputs": [tensor("a", parameters={"binary_data_size": True})]},
    ],
)
def test_a_request_that_cannot_be_answered_is_422(client: TestClient, body: Any) -> None:
    assert client.post(INFER, json=body).status_code == 422


@pytest.mark.parametrize("length", ["", "-1", "x", "99999", "9" * 30])
def test_a_wrong_length_of_the_json_part_is_422(client: TestClient, length: str) -> None:
    content, _ = binary(b"win")
    headers = {"inference-header-content-length": length}
    assert client.post(INFER, content=content, headers=headers).status_code == 422


@pytest.mark.parametrize("raw", [b"\x04\x00\x00", b"\xff\xff\xff\xffwin", b"\x03\x00\x00\x00\xff\xfe\xfd"])
def test_a_broken_binary_part_is_422(client: TestClient, raw: bytes) -> None:
    given = {"name": "m", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(raw)}}
    head = json.dumps({"inputs": [given]}).encode()
    headers = {"inference-header-content-length": str(len(head))}
    assert client.post(INFER, content=head + raw, headers=headers).status_code == 422


def test_a_version_that_is_asked_for_by_number_answers_alone_whatever_is_tried_beside_it(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    world.add_version(2)
    everyone = Stage(traffic=Traffic.CANARY, share=1.0, min_requests=1_000_000)
    world.roll_out(2, RolloutRules(strategy=Strategy.CANARY, stages=(everyone,)))
    body = {"inputs": [tensor("win", "home")]}
    with service(world.serving_settings()) as canary:
        until(lambda: canary.post(INFER, json=body).json()["model_version"] == "v2")
        asked = {canary.post(f"/v2/models/{MODEL}/versions/1/infer", json=body).json()["model_version"] for _ in "1234"}
        listed = canary.get(f"/v2/models/{MODEL}").json()["versions"]
        found = [canary.get(f"/v2/models/{MODEL}/versions/{tag}").status_code for tag in ("v1", "v2")]
    assert (asked, listed, found) == ({"v1"}, ["v1"], [200, 404])
