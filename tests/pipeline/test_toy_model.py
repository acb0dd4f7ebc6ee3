"""A managed model is one file: a toy one, written into a temporary folder, goes through the whole loop."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.actions import Headline
from agent.build import build_loop
from agent.settings import AgentSettings
from pipeline import catalog
from pipeline.labels.feedback import LabelEntry, record_labels
from pipeline.monitoring.window import reports
from pipeline.releases.promotion import pointer
from pipeline.settings import PipelineSettings
from pipeline.store.open import Store, open_store
from serving.settings import ServingSettings
from tests.serving.running import service

NAME = "toy_flowers"
FILE = '''
"""Toy flowers: two measures of a flower tell its kind."""

import random

from pipeline.gate.rules import AtLeast, BeatsMajority, GateRules, NotWorse, ServedParity
from pipeline.records import Row
from pipeline.spec import (
    Candidate, LoadedData, ModelSpec, MonitoringRules, NumericBlock, NumericInput, RetrainingRules, SearchRules,
)


def load(settings):
    rng = random.Random(1)
    rows = []
    for place in range(600):
        label = place % 2
        rows.append(Row((rng.gauss(2.0 + 2.0 * label, 0.7), rng.gauss(1.0, 0.5)), label))
    return LoadedData(rows=tuple(rows), source="generated", sha256="0" * 64)


FLOORS = (AtLeast("accuracy", 0.85), BeatsMajority(), ServedParity(1e-9))
SPEC = ModelSpec(
    name="toy_flowers",
    title="Toy flowers",
    labels=("daisy", "rose"),
    input=NumericInput(features=("petal length", "petal width")),
    load=load,
    candidates=(
        Candidate(estimator="logistic_regression", features=NumericBlock(scale=True), grid={"C": (1.0,)}),
    ),
    gate=GateRules(first=FLOORS, challenger=(*FLOORS, NotWorse(margin=0.05))),
    search=SearchRules(folds=2, repeats=1),
    monitoring=MonitoringRules(window_rows=120, accuracy_floor=0.6),
    retraining=RetrainingRules(min_new_labels=40, cooldown_hours=0.0),
    autonomy="act",
)
'''


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / f"{NAME}.py").write_text(FILE)
    monkeypatch.setenv("REFIT_MODELS_DIR", str(folder))
    monkeypatch.setenv("REFIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def store(home) -> Iterator[Store]:
    opened = open_store(PipelineSettings())
    yield opened
    opened.close()


def command(*words: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *words, "--json"], capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def flowers(count: int, seed: int, shift: float) -> list[tuple[tuple[float, float], int]]:
    rng = random.Random(seed)
    made = []
    for place in range(count):
        label = place % 2
        made.append(((rng.gauss(2.0 + 2.0 * label + shift, 0.7), rng.gauss(1.0 + shift, 0.5)), label))
    return made


def test_a_model_of_one_file_is_trained_served_watched_retrained_and_promoted(home, store):
    trained = command("train", NAME, "--promote")
    assert (trained["version"], trained["promoted"]) == (1, True)
    settings = PipelineSettings()
    drifted = flowers(200, seed=5, shift=1.0)
    quick = {"start_wait_seconds": 60, "poll_seconds": 0.05, "log_flush_seconds": 0.02}
    with service(ServingSettings(pipeline=settings, **quick)) as client:
        ids = []
        for values, _ in drifted:
            body = {"features": {"petal length": values[0], "petal width": values[1]}}
            answer = client.post(f"/models/{NAME}/predict", json=body)
            assert answer.status_code == 200, answer.text
            assert answer.json()["prediction"] in ("daisy", "rose")
            assert answer.json()["top_features"][0]["feature"] in ("petal length", "petal width")
            ids.append(answer.json()["prediction_id"])
    now = datetime.now(UTC)
    entries = [
        LabelEntry(prediction_id=given, label=label, source="gardener", at=now)
        for given, (_, label) in zip(ids, drifted, strict=True)
    ]
    record_labels(store.telemetry, entries)
    watched = command("monitor", NAME)
    assert watched["drift"]["drift_detected"] is True
    made = build_loop(AgentSettings(pipeline=settings), store, catalog.managed_model(NAME)).check()
    assert made.decision.headline is Headline.RETRAIN
    champion = pointer(store.control, NAME)
    assert (champion.version, champion.previous_version) == (2, 1)
    assert reports(store.telemetry, model=NAME, limit=10)
    assert command("rebuild", NAME, "v2")["identical"] is True


def test_a_file_that_cannot_be_read_takes_no_other_model_down(home, tmp_path):
    (tmp_path / "models" / "broken.py").write_text("import nothing_of_this_name\n")
    (tmp_path / "models" / "empty.py").write_text("")
    catalog.shelf.cache_clear()
    found = catalog.shelf(tmp_path / "models")
    assert {NAME, "sms_spam"} <= set(found.specs)
    assert set(found.broken) == {"broken", "empty"}
    with pytest.raises(catalog.UnknownModelError, match="nothing_of_this_name"):
        catalog.managed_model("broken")
