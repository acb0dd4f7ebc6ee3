"""The service as a process: start, swap under load, kill, drain, start without its store."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from pipeline.store.engine import open_engine
from tests.serving.running import ROOT, ServerProcess
from tests.serving.world import MODEL, World
from tests.waiting import until

# Seconds that a loaded machine may take over what takes a moment.
PATIENCE = 10
HEAVY = ("mlflow", "langchain", "langchain_core", "pandas", "scipy", "sklearn", "torch")
LOOK_AT_IMPORTS = """
import json, sys
from pathlib import Path
from fastapi.testclient import TestClient
from pipeline.settings import PipelineSettings
from serving.app import create_app
from serving.settings import ServingSettings

pipeline = PipelineSettings(home=Path(sys.argv[1]), _env_file=None)
settings = ServingSettings(_env_file=None, start_wait_seconds=60, pipeline=pipeline)
with TestClient(create_app(settings)) as client:
    status = client.post("/predict", json={"message": "win"}).status_code
print(json.dumps({"status": status, "modules": sorted(sys.modules)}))
"""


@pytest.fixture
def trained(world: World) -> World:
    world.add_version(1)
    world.promote(1)
    return world


def test_a_served_prediction_needs_no_heavy_library(trained: World) -> None:
    output = subprocess.run(
        [sys.executable, "-c", LOOK_AT_IMPORTS, str(trained.settings.root)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = json.loads(output)
    assert found["status"] == 200
    loaded = {name.partition(".")[0] for name in found["modules"]}
    assert {"numpy", "fastapi"} <= loaded
    assert loaded.isdisjoint(HEAVY)


def test_promotions_under_load_fail_no_request_and_every_answer_is_of_a_promoted_version(trained: World) -> None:
    stop = Event()
    answers: list[tuple[int, str]] = []

    def keep_asking(url: httpx.URL) -> None:
        with httpx.Client(base_url=url, timeout=PATIENCE) as client:
            while not stop.is_set():
                answer = client.post("/predict", json={"message": "win a prize"})
                answers.append((answer.status_code, answer.json().get("model_version", "none")))

    def answered_by(tag: str) -> bool:
        return (200, tag) in answers[-10:]

    with ServerProcess(trained.settings.root) as server, ThreadPoolExecutor(3) as threads:
        asking = [threads.submit(keep_asking, server.client.base_url) for _ in range(3)]
        until(lambda: answered_by("v1"))
        for version in (2, 3, 4, 5):
            trained.add_version(version)
            trained.promote(version)
            until(lambda tag=f"v{version}": answered_by(tag))
        trained.roll_back()
        until(lambda: answered_by("v4"))
        stop.set()
        assert [thread.exception() for thread in asking] == [None] * 3
        server.stop()
    assert {status for status, _ in answers} == {200}
    assert {version for _, version in answers} == {"v1", "v2", "v3", "v4", "v5"}
    assert len(answers) == len(trained.logged())


def test_a_killed_service_loses_nothing_that_was_written_before_and_starts_again(trained: World) -> None:
    with ServerProcess(trained.settings.root) as server:
        answered = [server.predict(f"win {number}")["prediction_id"] for number in range(200)]
        until(lambda: server.counted("refit_log_written_total") == 200)
        server.stop(signal.SIGKILL)
    with ServerProcess(trained.settings.root) as restarted:
        answered.append(restarted.predict("home")["prediction_id"])
        assert restarted.client.get("/health").json()["status"] == "ok"
        restarted.stop()
    assert list(trained.logged()) == answered


@pytest.mark.parametrize("store_is_there", [True, False])
def test_a_kill_under_load_loses_the_last_answers_alone(trained: World, store_is_there: bool) -> None:
    """Batched: what is missing is the end of what each client was answered; nothing is written twice or made up."""
    answered: list[list[str]] = [[] for _ in range(4)]
    with ExitStack() as stack:
        if not store_is_there:
            stack.enter_context(store_away(trained))
        server = stack.enter_context(ServerProcess(trained.settings.root, **quick_store(trained)))
        threads = stack.enter_context(ThreadPoolExecutor(4))
        asking = [threads.submit(ask_for_ever, server, answers) for answers in answered]
        kept = "refit_log_written_total" if store_is_there else "refit_log_spooled_rows"
        until(lambda: server.counted(kept) > 500)
        server.process.kill()
        server.process.wait(PATIENCE)
        assert [thread.exception() for thread in asking] == [None] * 4
    with ServerProcess(trained.settings.root, **quick_store(trained)) as restarted:  # replays what the dead one spooled
        until(lambda: len(telemetry_ids(trained)) > 500)
        until(lambda: restarted.counted("refit_log_spooled_rows") == 0)
        restarted.stop()
    written = telemetry_ids(trained)
    known = set(written)
    assert len(known) == len(written) > 500
    for answers in answered:
        assert answers[: sum(one in known for one in answers)] == [one for one in answers if one in known]
    assert len(known - {one for answers in answered for one in answers}) <= 4  # answers that were on their way


def test_a_terminated_service_finishes_its_requests_and_writes_everything(trained: World) -> None:
    with ServerProcess(trained.settings.root, REFIT_SERVING_LOG_FLUSH_SECONDS="30") as server:
        answered = [server.predict(f"win {number}")["prediction_id"] for number in range(100)]
        texts = [f"home {number}" for number in range(1_000)]
        assert trained.logged() == {}
        with ThreadPoolExecutor(1) as thread:
            batch = thread.submit(server.client.post, "/predict/batch", json={"messages": texts})
            until(lambda: server.counted(f'refit_predictions_total{{model="{MODEL}"}}') > 100)
            server.process.send_signal(signal.SIGTERM)  # most often in the middle of the batch
            answered += [found["prediction_id"] for found in batch.result().json()["predictions"]]
        assert server.process.wait(20) == -signal.SIGTERM
    assert list(trained.logged()) == answered
    assert len(answered) == 1_100


def test_a_service_starts_from_its_local_copy_when_the_store_is_away(trained: World) -> None:
    with ServerProcess(trained.settings.root) as server:
        assert server.predict("win")["model_version"] == "v1"
        server.stop()
    (trained.settings.root / "a_file").write_text("")
    nowhere = f"sqlite:///{trained.settings.root}/a_file/control.db"
    for path in trained.settings.artifact_dir.glob("*/*"):
        path.unlink()
    with ServerProcess(trained.settings.root, REFIT_CONTROL_URL=nowhere) as server:
        assert server.predict("win")["model_version"] == "v1"
        found = server.client.get("/health").json()
        assert (found["ready"], found["status"]) == (True, "degraded")
        assert found["models"][MODEL]["problems"][0]["code"] == "store_away"


def test_a_large_body_is_refused_over_a_real_connection_which_goes_on_serving(trained: World) -> None:
    with ServerProcess(trained.settings.root) as server:
        for content in (b"x" * 1_000_000, iter([b"x" * 10_000] * 100)):
            answer = server.client.post("/predict", content=content)
            assert answer.status_code == 413
            assert server.predict("win")["prediction"] == "spam"


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error_of_the_service(trained: World) -> None:
    with ServerProcess(trained.settings.root) as server:
        address = (server.client.base_url.host, server.client.base_url.port or 0)
        for path in ("/predict", f"/models/{MODEL}/predict"):
            with socket.create_connection(address) as connection:
                connection.sendall(f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{{".encode())
        until(lambda: server.counted('refit_errors_total{status="499"}') == 2, server.log.read_text)
        assert server.predict("win")["prediction"] == "spam"
        assert "ERROR" not in server.log.read_text()


def test_no_text_of_a_message_reaches_the_servers_log(trained: World) -> None:
    secret = "meetmeattheoldbridge"
    with ServerProcess(trained.settings.root) as server:
        server.predict(secret)
        for body in (b'{"message": "' + secret.encode(), json.dumps({secret: secret}).encode()):
            assert server.client.post("/predict", content=body).status_code == 422
        server.client.post("/drift/calculate", json={"messages": [secret] * 40})
        server.stop()
        assert secret not in server.log.read_text()


DURABLE = {"REFIT_SERVING_LOG_MODE": "durable"}


def ask_for_ever(server: ServerProcess, answered: list[str]) -> None:
    """Until the service is gone: the ids of the answers that arrived."""
    with httpx.Client(base_url=server.client.base_url, timeout=PATIENCE) as client:
        while True:
            try:
                answer = client.post("/predict", json={"message": "win"})
            except httpx.HTTPError:
                return
            if answer.status_code == 200:
                answered.append(answer.json()["prediction_id"])


@pytest.mark.parametrize("answers", [20, 57, 130])
def test_in_the_durable_mode_every_answer_before_a_kill_is_in_the_store(trained: World, answers: int) -> None:
    answered: list[str] = []
    with ServerProcess(trained.settings.root, **DURABLE) as server, ThreadPoolExecutor(4) as threads:
        asking = [threads.submit(ask_for_ever, server, answered) for _ in range(4)]
        until(lambda: len(answered) > answers)
        server.process.kill()
        server.process.wait(10)
        assert [thread.exception() for thread in asking] == [None] * 4
    assert set(answered) <= set(trained.logged())


def test_in_the_durable_mode_there_is_no_answer_without_a_store(trained: World) -> None:
    with store_away(trained), ServerProcess(trained.settings.root, **DURABLE, **quick_store(trained)) as server:
        refused = server.client.post("/predict", json={"message": "win"})
        batch = server.client.post("/predict/batch", json={"messages": ["win"] * 3})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "not_logged")
    assert batch.status_code == 503


@contextmanager
def store_away(world: World) -> Iterator[None]:
    """The folder of the telemetry database is a file meanwhile."""
    folder = world.settings.root / "telemetry"
    folder.write_text("")
    yield
    folder.unlink()


def quick_store(world: World) -> dict[str, str]:
    return {"REFIT_TELEMETRY_URL": f"sqlite:///{world.settings.root}/telemetry/telemetry.db"}


def test_predictions_of_a_time_without_store_survive_a_kill_and_are_written_once(trained: World) -> None:
    answered: list[str] = []
    with store_away(trained), ServerProcess(trained.settings.root, **quick_store(trained)) as server:
        answered += [server.predict("win")["prediction_id"] for _ in range(50)]
        until(lambda: server.counted("refit_log_spooled_rows") == 50)
        server.stop(signal.SIGKILL)
    for _ in range(2):
        with ServerProcess(trained.settings.root, **quick_store(trained)) as server:
            answered.append(server.predict("win")["prediction_id"])
            until(lambda: len(telemetry_ids(trained)) == len(answered))
            server.stop(signal.SIGKILL)
    assert telemetry_ids(trained) == answered


def telemetry_ids(world: World) -> list[str]:
    engine = open_engine(quick_store(world)["REFIT_TELEMETRY_URL"])
    try:
        with engine.connect() as connection:
            return list(connection.execute(text("SELECT prediction_id FROM predictions ORDER BY seq")).scalars())
    except OperationalError:
        return []
    finally:
        engine.dispose()


def test_swaps_under_load_fail_no_request_and_each_answer_is_of_one_version(trained: World) -> None:
    stop = Event()
    seen: list[set[str]] = []

    def keep_asking(url: httpx.URL) -> None:
        with httpx.Client(base_url=url, timeout=PATIENCE) as client:
            while not stop.is_set():
                found = client.post("/predict/batch", json={"messages": ["win a prize"] * 10}).json()["predictions"]
                seen.append({prediction["model_version"] for prediction in found})

    trained.add_version(2)
    trained.promote(2)
    with ServerProcess(trained.settings.root) as server, ThreadPoolExecutor(2) as threads:
        asking = [threads.submit(keep_asking, server.client.base_url) for _ in range(2)]
        try:
            for number in range(30):  # benchmarks.soak makes a hundred
                trained.roll_back() if number % 2 == 0 else trained.promote(2)
                until(lambda n=number: server.counted(f'refit_swaps_total{{model="{MODEL}"}}') >= n + 2)
        finally:
            stop.set()
        assert [thread.exception() for thread in asking] == [None] * 2
        assert server.counted("refit_errors_total") == 0
    assert all(len(versions) == 1 for versions in seen)
    assert set().union(*seen) == {"v1", "v2"}
