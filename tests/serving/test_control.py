"""The control plane: who may use it, and that each move goes through the gate, the pin and the compare-and-set."""

from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from pipeline.releases.promotion import promotions
from serving.app import create_app
from tests.serving.running import service
from tests.serving.world import MODEL, World
from tests.waiting import until

TOKEN = {"authorization": "Bearer s3cret"}


@pytest.fixture
def two(world: World) -> World:
    for version in (1, 2):
        world.add_version(version)
    world.promote(1)
    return world


def post(client: TestClient, move: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
    said = {"why": "test"} | body
    return client.post(f"/control/models/{MODEL}/{move}", json=said, headers=headers or {})


def current(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/models/current").json()["models"][MODEL]
    return found


def test_a_promotion_is_made_and_taken_up_at_once(two: World) -> None:
    with service(two.serving_settings(poll_seconds=30)) as client:
        done = post(client, "promote", version=2, verdict_id=two.passed_verdict(2), expected_generation=1, who="ada")
        assert (done.status_code, done.json()["version"], done.json()["generation"]) == (200, "v2", 2)
        until(lambda: current(client)["version"] == "v2")
        back = post(client, "rollback", expected_generation=2)
        assert (back.status_code, back.json()["version"]) == (200, "v1")
        until(lambda: current(client)["generation"] == 3)
    assert [move.who for move in promotions(two.control, MODEL)] == ["operator", "ada", "test"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"version": 2, "verdict_id": "made-up", "expected_generation": 1}, 409, "promotion_refused"),
        ({"version": 2, "verdict_id": "x", "expected_generation": 0}, 409, "concurrent_change"),
        ({"version": 9, "verdict_id": "x", "expected_generation": 1}, 404, "unknown_version"),
        ({"version": 2, "verdict_id": "x"}, 422, "invalid_input"),
        ({"version": 0, "verdict_id": "x", "expected_generation": 1}, 422, "invalid_input"),
        ({"version": 2, "verdict_id": "x", "expected_generation": 1, "force": True}, 422, "invalid_input"),
    ],
)
def test_a_promotion_that_may_not_be_is_refused(two: World, body: dict[str, Any], status: int, code: str) -> None:
    with service(two.serving_settings()) as client:
        refused = post(client, "promote", **body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert two.generation == 1


def test_undo_and_pin_is_one_call_and_says_what_lifts_the_pin(two: World) -> None:
    two.promote(2)
    with service(two.serving_settings()) as client:
        pinned = post(client, "pin", expected_generation=2, back=True, lift_when="v3 is trained").json()
        assert (pinned["version"], pinned["pin"]) == ("v1", 1)
        assert "unpin with expected_pin 1, when v3 is trained" in pinned["lifted_by"][0]
        until(lambda: current(client)["version"] == "v1" and current(client)["pin"] is not None)
        assert current(client)["pin"]["lift_when"] == "v3 is trained"
        two.add_version(3)
        refused = post(client, "promote", version=3, verdict_id=two.passed_verdict(3), expected_generation=3)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "promotion_refused")
        assert "pinned at v1" in refused.json()["error"]["message"]
        assert post(client, "unpin", expected_pin=7).status_code == 409
        assert post(client, "unpin", expected_pin=1).status_code == 200
        until(lambda: current(client)["pin"] is None)
        again = post(client, "promote", version=3, verdict_id=two.passed_verdict(3), expected_generation=3)
        assert again.json()["version"] == "v3"


def test_a_pin_ends_a_rollout_that_runs(two: World) -> None:
    with service(two.serving_settings()) as client:
        verdict = two.passed_verdict(2)
        post(client, "promote", version=2, verdict_id=verdict, expected_generation=1, strategy="canary")
        until(lambda: current(client)["rollout"] is not None)
        post(client, "pin", expected_generation=1)
        until(lambda: current(client)["rollout"] is None)
    assert two.generation == 1


def test_a_rollout_is_begun_steered_and_cancelled(two: World) -> None:
    with service(two.serving_settings()) as client:
        verdict = two.passed_verdict(2)
        begun = post(client, "promote", version=2, verdict_id=verdict, expected_generation=1, strategy="canary").json()
        assert (begun["state"], begun["stage"]) == ("started", 1)
        until(lambda: current(client)["rollout"] is not None)
        assert current(client)["rollout"]["share"] == 0.05
        second = post(client, "rollout", action="advance", rollout_id=begun["rollout_id"]).json()
        assert (second["state"], second["stage"]) == ("advanced", 2)
        assert post(client, "rollout", action="advance", rollout_id="another").status_code == 409
        ended = post(client, "rollout", action="take_back", rollout_id=begun["rollout_id"]).json()
        assert ended["state"] == "roll_back"
        until(lambda: current(client)["rollout"] is None)


def test_another_model_is_404(two: World) -> None:
    with service(two.serving_settings()) as client:
        answer = client.post("/control/models/nothing/rollback", json={"expected_generation": 1, "why": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_model")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Basic s3cret"}, 401),
        ({"x-api-key": "s3cre"}, 401),
        ({"x-api-key": ""}, 401),
        (TOKEN, 200),
        ({"x-api-key": "s3cret"}, 200),
    ],
)
def test_a_token_is_asked_for_from_this_machine_too(two: World, headers: dict[str, str], status: int) -> None:
    two.promote(2)
    with service(two.serving_settings(control_token=SecretStr("s3cret"))) as client:
        assert post(client, "rollback", headers, expected_generation=2).status_code == status


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {"host": "localhost:8000"}, 200),
        ("192.0.2.7", {}, 403),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.7"}, 403),
        ("127.0.0.1", {"origin": "https://evil.example"}, 403),
        ("127.0.0.1", {"host": "rebound.example:8000"}, 403),
    ],
)
def test_without_a_token_this_machine_alone_may_move(
    two: World, peer: str, headers: dict[str, str], status: int
) -> None:
    two.promote(2)
    with TestClient(create_app(two.serving_settings()), "http://localhost", client=(peer, 50_000)) as client:
        assert post(client, "rollback", headers, expected_generation=2).status_code == status


def test_a_prediction_key_is_no_control_token(two: World) -> None:
    two.promote(2)
    settings = two.serving_settings(control_token=SecretStr("s3cret"), prediction_keys=(SecretStr("predict"),))
    with service(settings) as client:
        assert post(client, "rollback", {"x-api-key": "predict"}, expected_generation=2).status_code == 401
        assert client.post("/predict", json={"message": "win"}, headers={"x-api-key": "s3cret"}).status_code == 401
