"""Keys, rates, ids, headers, and the older names."""

import json
import logging
import re

import pytest
from pydantic import SecretStr

from serving.admission import Rates, needs_key, peer
from tests.serving.running import service
from tests.serving.world import MODEL, World

WIN = {"message": "win a prize"}


@pytest.fixture
def trained(world: World) -> World:
    world.add_version(1)
    world.promote(1)
    return world


def test_an_answer_carries_the_id_of_its_request_and_headers_that_keep_it_data(trained: World) -> None:
    with service(trained.serving_settings()) as client:
        named = client.post("/predict", json=WIN, headers={"x-request-id": "order-7"})
        made_up = [client.get("/health").headers["x-request-id"] for _ in range(2)]
        strange = client.post("/predict", json=WIN, headers={"x-request-id": "a b"})
        lost = client.get("/nowhere", headers={"x-request-id": "r"})
    assert named.headers["x-request-id"] == "order-7"
    assert lost.headers["x-request-id"] == "r"
    assert len(set(made_up)) == 2
    assert re.fullmatch("[0-9a-f]{32}", strange.headers["x-request-id"])
    for answer in (named, lost):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_documentation_may_load_its_scripts(trained: World) -> None:
    with service(trained.serving_settings()) as client:
        assert "content-security-policy" not in client.get("/docs").headers


@pytest.mark.parametrize("path", ["/predict", "/classify", "/predict/batch", "/feedback", f"/v2/models/{MODEL}/infer"])
def test_with_keys_every_path_that_takes_data_asks_for_one(trained: World, path: str) -> None:
    keys = (SecretStr("one"), SecretStr("two"))
    with service(trained.serving_settings(prediction_keys=keys)) as client:
        for headers in ({}, {"x-api-key": "three"}, {"authorization": "Bearer "}):
            refused = client.post(path, json=WIN, headers=headers)
            assert refused.status_code == 401
            assert "takes predictions with a key only" in str(refused.json()["error"])
        for headers in ({"x-api-key": "one"}, {"authorization": "Bearer two"}):
            assert client.post(path, json=WIN, headers=headers).status_code in {200, 422}
        assert client.get("/health").status_code == client.get("/metrics").status_code == 200


def test_what_shows_messages_takes_a_key_to_read() -> None:
    assert needs_key("GET", "/labels/queue")
    assert needs_key("GET", f"/models/{MODEL}/labels/queue")
    assert not needs_key("GET", "/models/current")


@pytest.mark.parametrize("path", ["/drift/latest", "/drift/history", "/labels/queue"])
def test_reports_and_queues_with_words_of_messages_take_a_key_and_say_so(trained: World, path: str) -> None:
    with service(trained.serving_settings(prediction_keys=(SecretStr("one"),))) as client:
        for prefix in ("", f"/models/{MODEL}"):
            assert client.get(prefix + path).status_code == 401
            assert client.get(prefix + path, headers={"x-api-key": "one"}).status_code == 200
        described = client.get("/openapi.json").json()["paths"]
    assert {"401", "422"} <= set(described[path]["get"]["responses"])
    assert "401" not in described["/models/current"]["get"]["responses"]
    named = {parameter["name"] for parameter in described[path]["get"].get("parameters", [])}
    asked = {"/drift/latest": set(), "/drift/history": {"limit", "before"}, "/labels/queue": {"limit"}}
    assert named == asked[path]


def test_who_guesses_keys_is_told_to_wait_and_the_right_key_still_passes(trained: World) -> None:
    limits = {"rate_per_second": 0.001, "rate_burst": 3, "control_token": SecretStr("control")}
    settings = trained.serving_settings(prediction_keys=(SecretStr("right"),), **limits)
    with service(settings) as client:
        guesses = [client.post("/predict", json=WIN, headers={"x-api-key": f"k{place}"}) for place in range(4)]
        control = client.post(f"/control/models/{MODEL}/rollback", json={}, headers={"authorization": "Bearer guess"})
        right = client.post("/predict", json=WIN, headers={"x-api-key": "right"})
    assert [answer.status_code for answer in [*guesses, control, right]] == [401, 401, 401, 429, 429, 200]


@pytest.mark.parametrize("path", ["/predict", "/models/current"])
def test_a_rate_is_kept_for_each_caller_and_says_when_to_come_back(trained: World, path: str) -> None:
    settings = trained.serving_settings(rate_per_second=0.01, rate_burst=3, prediction_keys=(SecretStr("a"),))
    with service(settings) as client:
        headers = {"x-api-key": "a"}
        answers = [client.request("POST", "/predict", json=WIN, headers=headers) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert int(answers[3].headers["retry-after"]) > 90
        assert client.get("/models/current").status_code == 200  # the peer has a rate of its own


def test_a_bucket_fills_again() -> None:
    clock = [0.0]
    rates = Rates(2.0, 2, lambda: clock[0])
    assert [rates.take("a") for _ in range(3)] == [0.0, 0.0, 0.5]
    assert rates.take("b") == 0.0
    clock[0] = 0.5
    assert (rates.take("a"), rates.take("a")) == (0.0, 0.5)


def test_the_addresses_of_one_ipv6_network_share_a_rate() -> None:
    def of(host: str) -> str:
        return peer({"client": (host, 1)})

    assert of("2001:db8:1:2::1") == of("2001:db8:1:2::2") != of("2001:db8:1:3::1")
    assert of("2001:db8::1") == of("2001:db8::2") == of("2001:db8:0:0:ffff::1")
    assert of("192.0.2.1") == of("::ffff:192.0.2.1") != of("192.0.2.2")
    assert of("fe80::1%eth0") == of("fe80::2%eth0")
    assert of("no:address") == "no:address"


@pytest.mark.parametrize("path", ["/predict", f"/models/{MODEL}/predict"])
def test_a_compressed_body_is_refused_before_anything_unpacks_it(trained: World, path: str) -> None:
    with service(trained.serving_settings()) as client:
        answer = client.post(path, content=b"\x1f\x8b" + b"\0" * 1_000, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "encoding_not_supported")


@pytest.mark.parametrize("body", [{"text": "win"}, {"message": "win"}])
def test_older_clients_may_classify_with_either_name(trained: World, body: dict[str, str]) -> None:
    with service(trained.serving_settings()) as client:
        for path in ("/classify", f"/models/{MODEL}/classify"):
            assert client.post(path, json=body).json()["prediction"] == "spam"


@pytest.mark.parametrize("body", [{}, {"text": "a", "message": "b"}, {"text": None}, {"text": " "}, {"txt": "a"}])
def test_a_classification_takes_one_text(trained: World, body: dict[str, str]) -> None:
    with service(trained.serving_settings()) as client:
        assert client.post("/classify", json=body).status_code == 422


def test_batch_predict_is_the_older_name_of_a_batch(trained: World) -> None:
    with service(trained.serving_settings()) as client:
        found = client.post("/batch_predict", json={"messages": ["win", "home"]}).json()["predictions"]
    assert [prediction["prediction"] for prediction in found] == ["spam", "ham"]


def test_models_and_versions_are_listed(trained: World) -> None:
    trained.add_version(2)
    with service(trained.serving_settings()) as client:
        models = {found["name"]: found for found in client.get("/models").json()["models"]}
        listed = client.get(f"/models/{MODEL}/versions").json()["versions"]
        assert client.get("/models/nothing/versions").status_code == 404
    assert (models[MODEL]["version"], models[MODEL]["strategy"]) == ("v1", "direct")
    assert [(found["version"], found["slot"]) for found in listed] == [("v2", None), ("v1", "champion")]


def test_the_access_log_tells_of_each_request_and_not_of_its_text(
    trained: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "serving.access"), service(trained.serving_settings(access_log=True)) as client:
        client.post("/predict?secret=1", json={"message": "meetmeattheoldbridge"}, headers={"x-request-id": "r1"})
        client.post("/nowhere", json=WIN)
    lines = [json.loads(record.message) for record in caplog.records if record.name == "serving.access"]
    assert [(line["path"], line["status"]) for line in lines] == [("/predict", 200), ("/nowhere", 404)]
    assert lines[0]["request_id"] == "r1"
    # The client of the test may log what it asks for; the service says nothing of a query or of a message.
    told = " ".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    assert "bridge" not in told
    assert "secret" not in told


def test_a_running_document_has_an_example_for_every_body(trained: World) -> None:
    with service(trained.serving_settings()) as client:
        paths = client.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        if "post" in methods:
            schema = methods["post"]["requestBody"]["content"]["application/json"]["schema"]
            assert all("examples" in each for each in schema.get("anyOf", [schema])), path
