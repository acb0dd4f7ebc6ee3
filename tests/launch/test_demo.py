"""The demonstration as users run it: real processes, real messages, real HTTP; nothing is asserted that it steers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings import PipelineSettings


def play(home: Path, drift: int) -> dict[str, object]:
    command = [
        sys.executable,
        "-m",
        "launch",
        "demo",
        "--home",
        str(home),
        "--drift",
        str(drift),
        "--seed",
        "1",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    ending: dict[str, object] = json.loads(done.stdout)
    return ending


def command(home: Path, *words: str) -> dict[str, object]:
    environment = {
        "REFIT_HOME": str(home),
        "REFIT_DATA_DIR": str(PipelineSettings().data_dir.absolute()),
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run([sys.executable, "-m", *words, "--json"], capture_output=True, text=True, env=environment)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def drifted(tmp_path_factory) -> tuple[Path, dict[str, object]]:
    home = tmp_path_factory.mktemp("drifted")
    return home, play(home, drift=1)


def test_no_request_fails_from_the_first_version_to_the_swap(drifted):
    assert drifted[1]["failed_requests"] == 0


def test_a_campaign_is_caught_and_a_better_version_takes_over(drifted):
    _, ending = drifted
    assert ending["second_decision"] == "RETRAIN"
    assert ending["champion"] == 2
    assert ending["accuracy_after"] > ending["accuracy_before"]


def test_the_story_leaves_an_intact_ledger_that_replays(drifted):
    home, _ = drifted
    (newest, *_) = command(home, "agent", "decisions")["decisions"]
    assert newest["headline"] == "RETRAIN"
    replayed = subprocess.run(
        [sys.executable, "-m", "agent", "replay", newest["decision_id"]],
        env={"REFIT_HOME": str(home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert replayed.returncode == 0, replayed.stderr


def test_each_prediction_of_the_story_is_in_the_log_once(drifted):
    from sqlalchemy import func, select

    from pipeline.store import telemetry
    from pipeline.store.open import open_store

    store = open_store(PipelineSettings(home=drifted[0]))
    with store.telemetry.connect() as connection:
        rows, ids = connection.execute(
            select(func.count(), func.count(telemetry.predictions.c.prediction_id.distinct())).select_from(
                telemetry.predictions
            )
        ).one()
        labels = connection.execute(select(func.count()).select_from(telemetry.labels)).scalar()
    store.close()
    assert rows == ids >= 1_120
    assert labels == 600
