"""Single and batch predictions through the application."""

from datetime import UTC, datetime, timedelta

from tests.serving.running import service
from tests.serving.world import MODEL, World
from tests.waiting import until


def test_a_prediction_says_class_confidence_version_time_words_and_id(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    with service(world.serving_settings()) as client:
        answer = client.post("/predict", json={"message": "Win a FREE prize"})
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"prediction", "confidence", "model_version", "timestamp", "top_features", "prediction_id"}
    assert (body["prediction"], body["model_version"]) == ("spam", "v1")
    assert 0.99 < body["confidence"] <= 1.0
    assert {feature["word"] for feature in body["top_features"]} == {"win", "free", "prize"}
    assert all(feature["contribution"] > 0 for feature in body["top_features"])
    age = datetime.now(UTC) - datetime.fromisoformat(body["timestamp"])
    assert timedelta(0) <= age < timedelta(minutes=1)


def test_confidence_is_that_of_the_predicted_class(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    with service(world.serving_settings()) as client:
        body = client.post("/predict", json={"message": "home for lunch"}).json()
    assert body["prediction"] == "ham"
    assert body["confidence"] > 0.99


def test_the_path_with_the_models_name_answers_the_same(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    with service(world.serving_settings()) as client:
        plain = client.post("/predict", json={"message": "win"}).json()
        named = client.post(f"/models/{MODEL}/predict", json={"message": "win"}).json()
    same = ("prediction", "confidence", "model_version", "top_features")
    assert [plain[name] for name in same] == [named[name] for name in same]
    assert plain["prediction_id"] != named["prediction_id"]


def test_a_batch_is_answered_in_order_and_logged(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    texts = ["win a prize" if place % 3 else "home now" for place in range(95)]
    with service(world.serving_settings()) as client:
        predictions = client.post("/predict/batch", json={"messages": texts}).json()["predictions"]
    assert [found["prediction"] for found in predictions] == ["spam" if place % 3 else "ham" for place in range(95)]
    logged = world.logged()
    assert [logged[found["prediction_id"]] for found in predictions] == [(text, 1) for text in texts]


def test_any_text_reaches_the_log_as_it_was_sent(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    texts = ["free £ \U0001f389 prize", "a\x00b", "tab\tand\nnewline", "é" * 10_000]
    with service(world.serving_settings()) as client:
        ids = [client.post("/predict", json={"message": text}).json()["prediction_id"] for text in texts]
    assert [world.logged()[found][0] for found in ids] == texts


def test_predictions_are_written_while_the_service_runs(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    with service(world.serving_settings()) as client:
        found = client.post("/predict", json={"message": "win"}).json()["prediction_id"]
        until(lambda: found in world.logged())


def test_the_documentation_names_every_route_with_its_body(world: World) -> None:
    with service(world.serving_settings()) as client:
        paths = client.get("/openapi.json").json()["paths"]
    posts = {"/predict", "/classify", "/predict/batch", "/batch_predict", "/drift/calculate", "/feedback"}
    named = {"/models/{name}" + path for path in posts}
    gets = {"/health", "/health/live", "/health/ready", "/models", "/models/current", "/models/{name}/versions"}
    counters = {"/metrics/performance", "/metrics"}
    control = {f"/control/models/{{name}}/{move}" for move in ("promote", "rollback", "rollout", "pin", "unpin")}
    assert posts | named | gets | counters | control <= set(paths)
    schema = paths["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["message"]
    assert "200" in paths["/predict"]["post"]["responses"]
