"""Requests of Slack are seen like all others, figures that may fall are gauges, and small leaks are closed."""

import os
from contextlib import suppress

import pytest
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry, generate_latest

from agent.alerts.build import reachable
from agent.alerts.talk import SlackTalk
from agent.control_plane.api import Parts, create_api
from agent.control_plane.metrics import FromControl
from agent.deliberation.traces import _environment_kept
from agent.passes import Passes
from agent.schedule import data_events
from agent.settings import AgentSettings
from tests.agent.fakes import MODEL, NOON, Clock
from tests.agent.world import loop_in
from tools import jobs


@pytest.fixture
def plane(home, store, settings, monkeypatch, tmp_path_factory):
    """The control plane as it is served with Slack let in, and the registry of its figures."""
    for name in list(os.environ):
        if name.startswith(("REFIT_", "SLACK_", "SMTP_", "ALERT_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path_factory.mktemp("nowhere"))
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "a-signing-secret")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-test")
    monkeypatch.setenv("SLACK_CHANNEL", "C1")
    loop, registry = loop_in(home, store), CollectorRegistry()
    passes = Passes({MODEL: loop})
    app = create_api(Parts(store=store, loops=passes.loops, passes=passes, clock=loop.clock, registry=registry))
    agent = AgentSettings(_env_file=None, llm_enabled=False, pipeline=settings)
    with reachable(app, agent, store, passes):
        yield TestClient(app, base_url="http://127.0.0.1:8100", client=("127.0.0.1", 50_000)), registry
    passes.close()


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [("/slack/events", "/slack/events", 401), ("/slack/a-stranger-s-word", "none", 404)],
)
def test_a_request_of_slack_has_an_id_and_is_counted_by_its_route(plane, path, route, status):
    client, registry = plane
    answer = client.post(path, json={}, headers={"x-request-id": "mine-1"})
    assert (answer.status_code, answer.headers.get("x-request-id")) == (status, "mine-1")
    labels = {"method": "POST", "route": route, "status": str(status)}
    assert registry.get_sample_value("refit_agent_requests_total", labels) == 1


def test_slack_s_door_opens_before_the_gate_and_everything_else_goes_to_the_gate(plane):
    client, _ = plane
    assert client.post("/slack/events", json={}).json()["error"]["code"] == "not_signed"
    assert client.get("/health/live").json() == {"live": True}


def test_figures_that_may_fall_are_no_counters(store):
    data_events.announce(store.control, model=MODEL, source="test", rows=1, event_id="e1", now=NOON)
    jobs.begin(
        store.control,
        model=MODEL,
        decision_id="d1",
        host="h",
        time_limit_seconds=60.0,
        memory_limit_bytes=None,
        now=NOON,
    )
    registry = CollectorRegistry()
    registry.register(FromControl(store.control, [MODEL], [], Clock()))
    lines = generate_latest(registry).decode().splitlines()
    kinds = dict(line.removeprefix("# TYPE ").split() for line in lines if line.startswith("# TYPE "))
    assert [kinds[f"refit_{name}"] for name in ("jobs", "data_events", "outbox_sent")] == ["gauge"] * 3
    assert 'refit_data_events{state="queued"} 1.0' in lines


def test_the_environment_is_put_back_after_an_error_too(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with suppress(RuntimeError), _environment_kept():
        os.environ["MLFLOW_TRACKING_URI"] = "http://elsewhere"
        raise RuntimeError
    assert "MLFLOW_TRACKING_URI" not in os.environ


class Answers:
    """A Slack client whose answer has no time stamp."""

    class Answer:
        data = {"ok": True}  # noqa: RUF012

    def api_call(self, method, json):
        return self.Answer()


def test_a_post_without_a_time_stamp_has_none_that_could_be_answered_under():
    assert SlackTalk(client=Answers(), timeout=1).post("C1", "words", [], None) is None
