"""Trainings as jobs, over HTTP and on the command line: how far they are, and how one is ended."""

import json
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from agent.__main__ import app
from agent.control_plane.api import Parts, create_api
from agent.passes import Passes
from agent.schedule.calendar import Kind, Plan
from tests.agent.fakes import MODEL, NOON
from tests.agent.world import loop_in
from tools import jobs
from tools.job_files import files_of
from tools.jobs import JobState

LOCAL = "http://127.0.0.1:8100"
LIMITS = {"time_limit_seconds": 60.0, "memory_limit_bytes": 10**9}


@pytest.fixture
def client(home, store):
    loop = loop_in(home, store)
    passes = Passes({MODEL: loop})
    plans = [Plan(model=MODEL, kind=Kind.RETRAINING, cron="0 3 * * *", zone="Europe/Berlin")]
    parts = Parts(store=store, loops=passes.loops, passes=passes, clock=loop.clock, plans=plans)
    yield TestClient(create_api(parts), base_url=LOCAL, client=("127.0.0.1", 50_000))
    passes.close()


@pytest.fixture
def job(store):
    begun = jobs.begin(store.control, model=MODEL, decision_id="d1", host="elsewhere", now=NOON, **LIMITS)
    jobs.note(store.control, begun.job_id, NOON, stage="folds", steps_done=2, steps_total=8, memory_bytes=7_000_000)
    return begun


def test_a_job_is_listed_with_how_far_it_is_and_ended_on_request(client, store, job):
    (row,) = client.get("/jobs").json()["jobs"]
    assert (row["job_id"], row["state"], row["stage"], row["steps_done"], row["watched"]) == (
        "d1.1",
        "running",
        "folds",
        2,
        True,
    )
    asked = client.post("/jobs/d1.1/cancel", json={"who": "ann"})
    assert asked.status_code == 202
    assert jobs.note(store.control, "d1.1", NOON)  # its watcher is told
    jobs.end(store.control, "d1.1", JobState.CANCELLED, NOON)
    assert client.get("/jobs/d1.1").json()["state"] == "cancelled"
    assert client.post("/jobs/d1.1/cancel", json={"who": "ann"}).status_code == 409
    assert client.get("/jobs/nothing").status_code == 404
    assert client.get("/jobs", params={"model": "other"}).json() == {"jobs": []}


def test_the_schedule_and_the_models_show_what_is_next(client):
    (row,) = client.get("/schedule").json()["plans"]
    assert row["next_local"].endswith("T03:00:00+01:00")
    (model,) = client.get("/models").json()["models"]
    assert model["next"] == {"retraining": row["next_at"]}


def test_the_command_line_lists_shows_and_cancels_jobs(home, store, job, monkeypatch):
    monkeypatch.setenv("REFIT_HOME", str(home))
    now = datetime.now(UTC)
    jobs.note(store.control, job.job_id, now)
    said = CliRunner().invoke(app, ["jobs", "list", "--json"])
    assert json.loads(said.stdout)["jobs"][0]["job_id"] == "d1.1"
    assert "folds 2/8" in CliRunner().invoke(app, ["jobs", "list"], env={"COLUMNS": "200"}).stdout
    assert "d1.1" in CliRunner().invoke(app, ["jobs", "show", "d1.1"]).stdout
    assert "There is no log" in CliRunner().invoke(app, ["jobs", "log", "d1.1"]).stdout
    files = files_of(home, "d1.1")
    files.folder.mkdir(parents=True)
    files.log.write_text("one\ntwo\nthree\n")
    assert CliRunner().invoke(app, ["jobs", "log", "d1.1", "--lines", "2"]).stdout == "two\nthree\n"
    cancelled = CliRunner().invoke(app, ["jobs", "cancel", "d1.1", "--who", "ann"])
    assert "is cancelled" in cancelled.stdout
    assert jobs.job(store.control, "d1.1").cancelled_by == "ann"
