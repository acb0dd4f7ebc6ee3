"""Live, ready, degraded: what the service says of itself, and how predictions fail when nothing is loaded."""

from pydantic import SecretStr

from serving.health import health
from serving.prediction_log import LogState
from serving.slots import Slots
from tests.serving.running import service
from tests.serving.world import MODEL, World
from tests.waiting import until

QUIET_LOG = LogState(waiting=0, capacity=10, written=0, dropped=0, refused=0, failures=0, problem=None)


def test_without_a_champion_it_is_live_but_not_ready_and_says_how_to_train(world: World) -> None:
    with service(world.serving_settings()) as client:
        live, ready, whole = (client.get(path) for path in ("/health/live", "/health/ready", "/health"))
        refused = client.post("/predict", json={"message": "win"})
    assert (live.status_code, ready.status_code, whole.status_code) == (200, 503, 503)
    assert "python -m pipeline train sms_spam" in ready.json()["reasons"][0]
    assert (whole.json()["status"], whole.json()["ready"]) == ("unavailable", False)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "no_champion")
    assert "python -m pipeline train sms_spam" in refused.json()["error"]["message"]


def test_with_a_champion_it_is_ready(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    with service(world.serving_settings()) as client:
        whole = client.get("/health")
        assert client.get("/health/ready").status_code == 200
    assert (whole.status_code, whole.json()["status"], whole.json()["reasons"]) == (200, "ok", [])
    assert whole.json()["models"][MODEL]["version"] == "v1"


def test_a_corrupt_first_champion_is_503_with_the_reason(world: World) -> None:
    world.artifact_file(world.add_version(1)).write_bytes(b"rubbish")
    world.promote(1)
    with service(world.serving_settings()) as client:
        refused = client.post("/predict", json={"message": "win"})
        whole = client.get("/health")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "artifact_unusable")
    assert whole.json()["models"][MODEL]["problems"][0]["code"] == "artifact_unusable"
    assert whole.status_code == 503


def test_a_corrupt_challenger_leaves_it_ready_but_degraded(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    with service(world.serving_settings()) as client:
        world.artifact_file(world.add_version(2)).write_bytes(b"rubbish")
        world.promote(2)
        until(lambda: client.get("/health").json()["status"] == "degraded")
        assert client.get("/health").status_code == 200
        assert "sms_spam v2" in client.get("/health").json()["reasons"][0]
        assert client.post("/predict", json={"message": "win"}).json()["model_version"] == "v1"


def test_what_is_loaded_is_told_slot_by_slot(world: World) -> None:
    first, second = world.add_version(1), world.add_version(2)
    world.promote(1)
    with service(world.serving_settings()) as client:
        world.promote(2)
        until(lambda: client.get("/models/current").json()["models"][MODEL]["version"] == "v2")
        found = client.get("/models/current").json()["models"][MODEL]
    assert (found["generation"], found["artifact_sha256"], found["previous_version"]) == (2, second, "v1")
    assert found["slots"]["champion"] == {"state": "serving", "version": "v2", "artifact_sha256": second}
    assert found["slots"]["previous"] == {"state": "standby", "version": "v1", "artifact_sha256": first}
    assert found["slots"]["challenger"] == {"state": "empty", "version": None, "artifact_sha256": None}


def test_predictions_that_were_not_logged_show_in_health() -> None:
    lost = LogState(waiting=10, capacity=10, written=5, dropped=2, refused=1, failures=3, problem="The store is away.")
    report = health(Slots([MODEL]), lost, MODEL, 1.0, 0.5)
    assert "The store is away." in report["reasons"]
    assert any(reason.startswith("3 predictions") for reason in report["reasons"])


def test_a_follower_that_stopped_looking_shows_in_health() -> None:
    slots = Slots([MODEL])
    assert len(health(slots, QUIET_LOG, MODEL, 1.0, 30.0)["reasons"]) == 1
    assert any("31 s ago" in reason for reason in health(slots, QUIET_LOG, MODEL, 1.0, 31.0)["reasons"])


def test_a_telemetry_store_that_is_away_does_not_stop_predictions_and_is_counted(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    (world.settings.root / "a_file").write_text("")
    nowhere = f"sqlite:///{world.settings.root}/a_file/telemetry.db"
    pipeline = world.settings.model_copy(update={"telemetry_url": SecretStr(nowhere)})
    settings = world.serving_settings(
        pipeline=pipeline, log_queue_rows=5, log_room_wait_seconds=0.05, drain_seconds=0.05, spool_bytes=0
    )
    with service(settings) as client:
        answers = [client.post("/predict", json={"message": "win"}) for _ in range(8)]
        metrics = client.get("/metrics").text
        whole = client.get("/health").json()
        feedback = client.post("/feedback", json={"prediction_id": "a", "label": "spam"})
        performance = client.get("/metrics/performance").json()["models"][MODEL]
    assert [answer.status_code for answer in answers] == [200] * 8
    assert "refit_log_dropped_total 3" in metrics
    assert whole["status"] == "degraded"
    assert (feedback.status_code, feedback.json()["error"]["code"]) == (503, "store_away")
    assert (performance["status"], performance["accuracy"]) == ("store_away", None)
