"""The whole compose file, really run: predict, drift, retrain, promote, and what its containers may not do."""

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from launch.scenario import labelled, scenario
from launch.traffic import Sent, give_labels, send
from pipeline.catalog import managed_model
from pipeline.data.homes import assign_homes
from pipeline.records import Row
from pipeline.settings import PipelineSettings
from tests.deployment.asking import first_version, free_ports, lives, predicted, until
from tests.deployment.podman import ContainersError, Project, running_project, why_not
from tests.required import required, skip_or_fail

pytestmark = pytest.mark.podman

MODEL = "sms_spam"
SERVICES = ("mlflow", "serving", "agent", "dashboard")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    if not required("podman"):
        pytest.skip("Builds images for minutes; it runs where it is asked for: make test-containers")
    if reason := why_not():
        skip_or_fail("podman", reason)
    with running_project(tmp_path_factory.mktemp("compose"), free_ports(3)) as running:
        yield running


def asking(project: Project) -> httpx.Client:
    """A client of the control plane with the operator's token."""
    token = project.secret("REFIT_AGENT_API_TOKEN")
    return httpx.Client(base_url=project.agent, headers={"authorization": f"Bearer {token}"}, timeout=60)


def traffic(project: Project, rows: Sequence[Row], rng: random.Random) -> Sent:
    """Send rows, and the true classes of some of the answers."""
    sent = send(project.serving, MODEL, "message", rows)
    assert sent.failures == 0
    chosen = [sent.replies[i] for i in labelled(len(sent.replies), rng)]
    assert give_labels(project.serving, MODEL, managed_model(MODEL).labels, chosen) == len(chosen)
    return sent


def decided(project: Project) -> dict[str, Any]:
    """A look at the model now, until its decision is closed."""
    with asking(project) as agent:
        before = {row["decision_id"] for row in agent.get("/decisions").json()["decisions"]}

        def closed() -> dict[str, Any] | None:
            rows = agent.get("/decisions").json()["decisions"]
            fresh = [row["decision_id"] for row in rows if row["decision_id"] not in before]
            one = agent.get(f"/decisions/{fresh[0]}").json() if fresh else {}
            return one if any(event["kind"] == "closed" for event in one.get("events", ())) else None

        agent.post(f"/models/{MODEL}/check").raise_for_status()
        return until(closed)


def test_the_compose_file_predicts_sees_drift_retrains_and_promotes(project):
    until(lambda: lives(project))
    with asking(project) as agent:
        until(lambda: agent.get("/health").json()["status"] == "ok")
    rng = random.Random(1)  # the demonstration's first seed, drawn from in its order: what it shows is known to hold
    plan = scenario(assign_homes(managed_model(MODEL).load(PipelineSettings())).live, drifts=True, rng=rng)
    first_version(project, MODEL)
    first = until(lambda: predicted(project))
    assert first["model_version"] == "v1"

    traffic(project, plan.calm, rng)
    assert decided(project)["headline"] == "NO_ACTION"
    traffic(project, plan.second, rng)
    drifted = decided(project)
    assert drifted["headline"] == "RETRAIN"
    assert "promoted" in {event["kind"] for event in drifted["events"]}, drifted["events"]

    until(lambda: (predicted(project) or {}).get("model_version") == "v2")
    fresh = send(project.serving, MODEL, "message", plan.fresh)
    assert set(fresh.versions) == {"v2"}
    assert until(lambda: httpx.get(f"{project.dashboard}/_stcore/health", timeout=5).text) == "ok"


def test_after_a_restart_it_predicts_with_what_it_had(project):
    project.compose("stop")
    project.compose("start")
    assert until(lambda: predicted(project))["model_version"] == "v2"


def test_the_agent_backs_up_the_databases_of_the_server(project):
    said = project.inside("agent", "with-secrets", "python", "-m", "pipeline", "backup", "/data/backups/one", "--json")
    assert json.loads(said)
    kept = project.inside("agent", "ls", "/data/backups/one/databases").split()
    assert kept == ["control.dump", "telemetry.dump"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_is_healthy_and_neither_root_nor_able_to_write_its_root(project, service):
    until(lambda: _healthy(project, service))
    assert project.inside(service, "id", "-u").strip() == "10001"
    with pytest.raises(ContainersError, match="Read-only"):
        project.inside(service, "touch", "/app/new")
    project.inside(service, "touch", "/tmp/new")


def _healthy(project: Project, service: str) -> bool:
    try:
        project.podman.run("podman", "healthcheck", "run", project.container(service))
    except ContainersError:
        return False
    return True


@pytest.mark.parametrize(
    ("service", "package"),
    [
        ("serving", "mlflow"),
        ("serving", "langchain"),
        ("serving", "sklearn"),
        ("dashboard", "mlflow"),
        ("agent", "pytest"),
    ],
)
def test_an_image_carries_nothing_that_its_role_does_not_need(project, service, package):
    with pytest.raises(ContainersError, match=f"No module named '{package}'"):
        project.inside(service, "python", "-c", f"import {package}")


def test_the_dashboard_reaches_neither_the_database_nor_the_service(project):
    for host, port in (("postgres", 5432), ("serving", 8000), ("mlflow", 5000)):
        reaching = f"import socket; socket.create_connection(({host!r}, {port}), timeout=5)"
        with pytest.raises(ContainersError, match=r"gaierror|TimeoutError|OSError"):
            project.inside("dashboard", "python", "-c", reaching)


def test_no_password_or_token_is_in_what_the_containers_say_of_themselves(project):
    names = [project.container(service) for service in (*SERVICES, "postgres")]
    said = project.podman.run("podman", "inspect", *names) + project.logs()
    for name in ("POSTGRES_PASSWORD", "REFIT_SERVING_CONTROL_TOKEN", "REFIT_AGENT_API_TOKEN"):
        assert project.secret(name) not in said
