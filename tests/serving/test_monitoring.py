"""Drift of given messages, feedback, and the champion's performance."""

import pytest
from starlette.testclient import TestClient

from tests.serving.running import service
from tests.serving.world import MODEL, World, everyday_texts, small_profile
from tests.waiting import until


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    world = World(tmp_path_factory.mktemp("monitored") / "home")
    world.add_version(1, small_profile())
    world.promote(1)
    with service(world.serving_settings()) as made:
        yield made
    world.store.close()


def campaign(count: int) -> list[str]:
    return [f"crypto wallet bonus doubled claim token {place}abc via link" for place in range(count)]


def test_messages_like_the_training_texts_are_no_drift(client: TestClient) -> None:
    report = client.post("/drift/calculate", json={"messages": everyday_texts(100, seed=2)}).json()
    assert report["drift_detected"] is False
    assert max(report["vocabulary_drift"], report["tfidf_drift"]) <= report["threshold"] == 0.15
    assert report["model_version"] == "v1"


def test_a_campaign_is_drift_and_its_terms_are_a_new_pattern(client: TestClient) -> None:
    texts = everyday_texts(70, seed=3) + campaign(30)
    report = client.post("/drift/calculate", json={"messages": texts}).json()
    assert report["drift_detected"] is True
    assert report["vocabulary_drift"] > 0.15
    assert set(report["new_spam_patterns"][0]) == {"terms", "count", "share"}
    assert report["new_spam_patterns"][0]["count"] == 30
    assert report["recommendation"]
    assert report["explanation"]


@pytest.mark.parametrize(("messages", "known"), [(29, False), (30, True)])
def test_under_thirty_messages_nothing_is_said_about_drift(client: TestClient, messages: int, known: bool) -> None:
    report = client.post("/drift/calculate", json={"messages": everyday_texts(messages, seed=4)}).json()
    found = [report["vocabulary_drift"], report["tfidf_drift"], report["drift_detected"]]
    assert [value is not None for value in found] == [known] * 3
    assert (report["status"] == "insufficient") is not known


def test_a_version_without_a_profile_cannot_tell_drift(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    with service(world.serving_settings()) as client:
        answer = client.post("/drift/calculate", json={"messages": everyday_texts(40, seed=5)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_profile")


def test_feedback_is_stored_once_however_often_it_is_sent(client: TestClient) -> None:
    first = {"prediction_id": "never-served", "label": "spam"}
    assert client.post("/feedback", json=first).json() == {"recorded": 1, "repeated": 0}
    assert client.post("/feedback", json=first).json() == {"recorded": 0, "repeated": 1}
    both = {"labels": [first, {"prediction_id": "another", "label": "HAM", "source": "analyst"}]}
    assert client.post(f"/models/{MODEL}/feedback", json=both).json() == {"recorded": 1, "repeated": 1}


def test_performance_is_unknown_before_a_champion_and_before_labels(world: World) -> None:
    with service(world.serving_settings()) as client:
        before = client.get("/metrics/performance").json()["models"][MODEL]
        assert (before["status"], before["accuracy"], before["latency"]["p50_ms"]) == ("no_champion", None, None)
        world.add_version(1)
        world.promote(1)
        until(lambda: client.get("/health/ready").status_code == 200)
        client.post("/predict", json={"message": "win"})
        after = client.get("/metrics/performance").json()["models"][MODEL]
    assert (after["status"], after["accuracy"], after["p_below_floor"]) == ("no_data", None, None)
    assert (after["version"], after["predictions_since_start"]) == ("v1", 1)
    assert after["latency"]["p50_ms"] > 0


def test_accuracy_is_that_of_the_labelled_predictions_with_an_interval(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    with service(world.serving_settings()) as client:
        ids = [client.post("/predict", json={"message": "win"}).json()["prediction_id"] for _ in range(40)]
        labels = [{"prediction_id": name, "label": "ham" if place < 10 else "spam"} for place, name in enumerate(ids)]
        client.post("/feedback", json={"labels": labels})
        until(lambda: len(world.logged()) == 40)
        found = client.get("/metrics/performance").json()["models"][MODEL]
    assert (found["labels"], found["accuracy"], found["window_predictions"]) == (40, 0.75, 40)
    low, high = found["accuracy_interval_98"]
    assert low < 0.75 < high
    assert found["p_below_floor"] > 0.975
    assert found["standing"] == "below"


def test_counters_are_given_in_the_text_format_of_prometheus(client: TestClient) -> None:
    client.post("/predict", json={"message": "win"})
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    values = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert int(values[f'refit_predictions_total{{model="{MODEL}"}}']) >= 1
    assert int(values["refit_log_dropped_total"]) == 0
