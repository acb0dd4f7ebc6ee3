"""Plays one model's story over real processes and HTTP: train, serve, drift, decide, retrain, gate, release, swap."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from launch.traffic import SteadyLoad, give_labels, send
from pipeline.catalog import catalog, managed_model
from pipeline.records import Row
from pipeline.settings import PipelineSettings
from pipeline.spec import TextInput
from tests.faults.deployment import ROOT, Deployment
from tests.integration.stories import STORIES, Told
from tests.waiting import until

BURST = 50
# Clients that keep asking meanwhile; a canary needs its hundreds of answers.
LOAD_PER_SECOND, CANARY_LOAD_PER_SECOND = 10.0, 60.0


def play(model: str, home: Path) -> None:
    """From an empty folder to the second version in service. Fails with what went otherwise."""
    home.mkdir()
    story = STORIES[model](home)
    environment = _environment(model, story)
    first = _pipeline(home, environment | dict(story.first_environment), "train", model, *story.first, "--promote")
    assert (first["version"], first["promoted"]) == (1, True), first["verdict"]
    with Deployment(home, environment) as deployment:
        assert _serves(deployment, model) == "v1"
        _send_with_labels(deployment.serving.url, model, story.drifted)
        per_second = CANARY_LOAD_PER_SECOND if managed_model(model).rollout.plan else LOAD_PER_SECOND
        with SteadyLoad(deployment.serving.url, model, _field(model), story.meanwhile, per_second) as load:
            decision_id = _retraining(deployment, model)
            until(lambda: _serves(deployment, model) == "v2", lambda: f"v2 does not serve: {_told(deployment, model)}")
            until(lambda: load.sent.versions.get("v2"), "v2 answers nobody")
        assert load.sent.failures == 0
        _is_on_record(deployment, decision_id)
        _was_told(deployment, model)


def _environment(model: str, story: Told) -> dict[str, str]:
    """One model is looked at all the time, the others once; its clients ask the default model."""
    seldom = {name: {"look_minutes": 1_000_000} for name in catalog() if name != model}
    return {
        "REFIT_DEFAULT_MODEL": model,
        "REFIT_DATA_DIR": str(PipelineSettings(_env_file=None).data_dir.absolute()),
        "REFIT_MODELS_DIR": "",
        "REFIT_SERVING_LOG_MODE": "batched",
        "REFIT_AGENT_INTERVAL_MINUTES": "0.05",
        "REFIT_AGENT_SCHEDULES": json.dumps(seldom),
        "REFIT_TRAINING_PROCESSES": "2",
        **story.environment,
    }


def _field(model: str) -> str:
    taken = managed_model(model).input
    return taken.field if isinstance(taken, TextInput) else "features"


def _send_with_labels(url: str, model: str, rows: Sequence[Row]) -> None:
    """Bursts, each labelled before the next one: the look that finds the window full finds labels too."""
    labels = managed_model(model).labels
    for start in range(0, len(rows), BURST):
        sent = send(url, model, _field(model), rows[start : start + BURST])
        assert sent.failures == 0
        assert give_labels(url, model, labels, sent.replies) == len(sent.replies)


def _retraining(deployment: Deployment, model: str) -> str:
    """The retraining that the agent decided on by itself, as soon as it has been carried out; its decision id."""

    def found() -> str | None:
        rows = _agent(deployment, f"/decisions?model={model}&limit=50")["decisions"]
        return next((row["decision_id"] for row in rows if row["headline"] == "RETRAIN"), None)

    decision_id: str = until(found, lambda: f"No retraining: {_told(deployment, model)}")
    until(lambda: "closed" in _kinds(deployment, decision_id), lambda: f"Not closed: {_told(deployment, model)}")
    events = _agent(deployment, f"/decisions/{decision_id}")["events"]
    released = {"promoted", "rollout"} & {event["kind"] for event in events}
    assert released, [event for event in events if event["kind"] in ("trained", "effect_failed", "promotion_refused")]
    return decision_id


def _kinds(deployment: Deployment, decision_id: str) -> list[str]:
    return [event["kind"] for event in _agent(deployment, f"/decisions/{decision_id}")["events"]]


def _is_on_record(deployment: Deployment, decision_id: str) -> None:
    """Drift or a low accuracy, a passed gate, the release, in a chain that verifies; it can be made again."""
    assert "trained" in _kinds(deployment, decision_id)
    assert _agent(deployment, "/ledger/verify")["intact"] is True
    replayed = httpx.post(f"{deployment.agent.url}/decisions/{decision_id}/replay", timeout=60).raise_for_status()
    assert replayed.json()["same"] is True


def _was_told(deployment: Deployment, model: str) -> None:
    """People have got the alert with its reasons, and that the new version is champion."""
    slack = deployment.slack
    assert slack is not None
    title = managed_model(model).title
    for words in ("retraining", "promoted"):
        until(lambda words=words: slack.saying(words), lambda words=words: f"Slack never heard of {words}: {title}")
    assert slack.saying("drift")


def _serves(deployment: Deployment, model: str) -> str:
    found = httpx.get(f"{deployment.serving.url}/models/current", timeout=30).raise_for_status().json()
    return str(found["models"][model]["version"])


def _agent(deployment: Deployment, path: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{deployment.agent.url}{path}", timeout=60).raise_for_status().json()
    return found


def _told(deployment: Deployment, model: str) -> str:
    rows = _agent(deployment, f"/decisions?model={model}&limit=3")["decisions"]
    return json.dumps(rows, indent=1)[:4_000] + "\n" + deployment.agent.said()


def _pipeline(home: Path, environment: dict[str, str], *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *words, "--json"],
        env={**os.environ, "REFIT_HOME": str(home), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
