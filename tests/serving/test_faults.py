"""What is away, wrong or full, seen from outside: the service answers, or says clearly why not."""

import resource
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, select

from pipeline.releases.rollout import Guards, Move, Stage, Traffic, next_step
from pipeline.store.engine import open_engine
from pipeline.store.migrate import ensure_schema
from pipeline.store.telemetry import predictions
from serving.admission import Rates
from serving.answering import new_id
from serving.prediction_log import Entry, PredictionLog
from serving.spool import Spool
from serving.telemetry_writer import telemetry_writer
from serving.trials import TrialFigures
from tests.serving.running import ServerProcess, service
from tests.serving.test_many_models import NUMERIC, VALUES, numeric_content
from tests.serving.world import MODEL, World, artifact_content
from tests.waiting import until

PATIENCE = 10
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def trained(world: World) -> World:
    world.add_version(1)
    world.promote(1)
    return world


def test_without_mlflow_and_agent_versions_are_promoted_swapped_and_taken_back(trained: World) -> None:
    trained.add_version(2)
    with ServerProcess(trained.settings.root, REFIT_MLFLOW_TRACKING_URI=NOBODY, MLFLOW_TRACKING_URI=NOBODY) as server:
        for version, path in ((2, "promote"), (1, "rollback")):
            body = {"why": "a test", "expected_generation": trained.generation}
            if path == "promote":
                body |= {"version": version, "verdict_id": trained.passed_verdict(version)}
            moved = server.client.post(f"/control/models/{MODEL}/{path}", json=body)
            assert moved.status_code == 200, moved.text
            until(lambda v=version: server.predict("win")["model_version"] == f"v{v}")
        assert server.client.get("/health").json()["status"] == "ok"


def test_a_control_store_that_is_away_stops_moves_with_a_reason_and_no_prediction(trained: World) -> None:
    with ServerProcess(trained.settings.root) as server:
        server.predict("win")
        server.stop()
    (trained.settings.root / "a_file").write_text("")
    nowhere = f"sqlite:///{trained.settings.root}/a_file/control.db"
    with ServerProcess(trained.settings.root, REFIT_CONTROL_URL=nowhere) as server:
        versions = server.client.get(f"/models/{MODEL}/versions")
        moved = server.client.post(
            f"/control/models/{MODEL}/rollback", json={"why": "a test", "expected_generation": 1}
        )
        assert server.predict("win")["model_version"] == "v1"
    for refused in (versions, moved):
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "store_away")


def test_a_disk_that_takes_nothing_stops_no_answer_and_loses_no_row_once_there_is_room(trained: World) -> None:
    """The process may write no file any further: neither the store, nor the spool, nor its own log."""
    with ServerProcess(trained.settings.root) as server:
        answered = [server.predict("win")["prediction_id"]]
        until(lambda: server.counted("refit_log_written_total") == 1)
        limits = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
        answered += [server.predict("win")["prediction_id"] for _ in range(50)]
        until(lambda: server.client.get("/health").json()["status"] == "degraded")
        assert "The disk of the database" in str(server.client.get("/health").json()["reasons"])
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limits)
        until(lambda: len(trained.logged()) == len(answered))
        assert server.counted("refit_log_dropped_total") == 0
        server.stop()
    assert list(trained.logged()) == answered


def entry(number: int) -> Entry:
    return Entry(f"{number:032x}", MODEL, 1, "champion", NOON, f"text {number} " * 50, 0, 0.5)


def test_a_store_without_room_sends_rows_to_the_spool_and_gets_them_when_it_has_some(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/telemetry.db")
    ensure_schema(engine, "telemetry", tmp_path)
    pages = [30]
    event.listen(engine, "begin", lambda connection: limit_pages(connection, pages[0]))
    write, spool = telemetry_writer(lambda: engine), Spool(tmp_path / "spool", 10_000_000)
    log = PredictionLog(write, capacity=10_000, batch_rows=50, flush_seconds=0.01, spool=spool)
    log.start()
    for number in range(1_000):
        assert log.offer(entry(number))
    until(lambda: log.state().spooled > 0)
    assert "is full" in str(log.state().problem)
    pages[0] = 1_000_000
    until(lambda: log.state().spooled == log.state().waiting == 0)
    log.close(PATIENCE)
    with engine.connect() as connection:
        written = list(connection.execute(select(predictions.c.prediction_id)).scalars())
    assert sorted(written) == [entry(number).prediction_id for number in range(1_000)]
    engine.dispose()


def limit_pages(connection: Connection, pages: int) -> None:
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


@pytest.mark.parametrize(
    ("model", "wrong", "good", "path", "body"),
    [
        (MODEL, numeric_content(), artifact_content(1), "/predict", {"message": "win"}),
        (NUMERIC, artifact_content(1), numeric_content(), f"/models/{NUMERIC}/predict", {"features": VALUES}),
    ],
)
def test_a_whole_artefact_of_another_model_is_refused_with_the_reason(world, model, wrong, good, path, body) -> None:
    world.first_champion(model, wrong)
    with service(world.serving_settings()) as client:
        answer = client.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "artifact_unusable")
    assert "another model" in answer.json()["error"]["message"]


def test_a_version_that_answers_no_probability_never_becomes_champion(trained: World) -> None:
    trained.add_version(2, weights=(float("nan"),) * 6)  # registered, whole, and of the right kind
    with ServerProcess(trained.settings.root) as server:
        trained.promote(2)
        until(lambda: server.client.get("/health").json()["status"] == "degraded")
        assert server.predict("win")["model_version"] == "v1"
        assert "no probability" in server.client.get("/health").json()["reasons"][0]


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_clock_that_jumps_ends_no_stage_of_a_rollout_early(hours: int) -> None:
    seen = TrialFigures(NOON).figures(NOON + timedelta(hours=hours), None)
    stage = Stage(traffic=Traffic.SHADOW, min_requests=10, min_minutes=60)
    assert next_step(stage, Guards(), seen).move is Move.HOLD


def test_ids_differ_and_a_rate_never_locks_a_caller_out_when_the_clock_jumps() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000  # most of them within one millisecond
    seconds = [1_000.0]
    rates = Rates(1.0, 2, lambda: seconds[0])
    assert [rates.take("caller") for _ in range(3)] == [0.0, 0.0, 1.0]
    seconds[0] += 1_000_000.0
    assert rates.take("caller") == 0.0


def test_replicas_with_disks_of_their_own_swap_together_and_survive_a_kill(trained: World, tmp_path: Path) -> None:
    """Two processes on one store: a promotion reaches both; one is killed, comes back, and has the newest champion."""
    trained.add_version(2)
    trained.add_version(3)
    other_home = tmp_path / "other_host"
    other_home.mkdir()
    (other_home / "artifacts").symlink_to(trained.settings.artifact_dir)  # a folder that both hosts mount
    store = {
        "REFIT_CONTROL_URL": trained.settings.control_address,
        "REFIT_TELEMETRY_URL": trained.settings.telemetry_address,
    }
    with ServerProcess(trained.settings.root) as one:
        with ServerProcess(other_home, **store) as other:
            trained.promote(2)
            for server in (one, other):
                until(lambda s=server: s.predict("win")["model_version"] == "v2")
            other.stop(signal.SIGKILL)
        trained.promote(3)
        with ServerProcess(other_home, **store) as again:
            for server in (one, again):
                until(lambda s=server: s.predict("win")["model_version"] == "v3")


def test_two_services_on_one_store_follow_each_swap(trained: World) -> None:
    trained.add_version(2)
    home = trained.settings.root
    with ServerProcess(home) as one, ServerProcess(home) as other:
        for promoted in (2, 1):
            trained.promote(2) if promoted == 2 else trained.roll_back()
            for server in (one, other):
                until(lambda s=server, v=promoted: s.predict("win")["model_version"] == f"v{v}")


def test_a_pointer_to_nothing_leaves_the_champion_serving_and_is_said(trained: World) -> None:
    with ServerProcess(trained.settings.root) as server:
        trained.artifact_file(trained.add_version(2)).unlink()
        trained.promote(2)
        until(lambda: server.client.get("/health").json()["status"] == "degraded")
        assert server.predict("win")["model_version"] == "v1"
        assert "sms_spam v2" in server.client.get("/health").json()["reasons"][0]
