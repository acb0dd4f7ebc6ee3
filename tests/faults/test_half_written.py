"""Files that a kill or a loss of power left half written: noticed and replaced, or left alone as half a line."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline.store.open import Store
from pipeline.store.telemetry import predictions
from serving.prediction_log import Entry
from serving.spool import Spool
from tests.faults.deployment import ROOT, Deployment, until
from tests.faults.flowers import MODEL
from tests.faults.invariants import Seen, violations
from tests.faults.kills import serves_its_champion, settle
from tests.faults.watching import answered_again, counted, drifting, everything_is_written, health, promoted_again, said

pytestmark = pytest.mark.faults

BATCHED = {"REFIT_SERVING_LOG_MODE": "batched"}


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def spooled(name: str) -> Entry:
    return Entry(name, MODEL, 1, "champion", datetime.now(UTC), (2.0, 1.0), 0, 0.1)


def test_a_service_starts_over_half_of_its_local_copy_and_replays_the_whole_lines_of_its_spool(
    home: Path, store: Store
):
    own = home / "serving"
    with Deployment(home, BATCHED, agents=0, slack=False) as deployment:
        until(lambda: (own / MODEL / "pointer.json").exists(), "there is no local copy")
        deployment.serving.stop()
        halve(own / MODEL / "pointer.json")
        for artefact in (own / MODEL).glob("*.safetensors"):
            halve(artefact)
        Spool(own / "spool", 1_000_000).append([spooled("kept-1"), spooled("kept-2"), spooled("half")])
        (file,) = (own / "spool").glob("*.jsonl")
        os.truncate(file, file.stat().st_size - 20)
        deployment.serving.start()
        serves_its_champion(deployment.serving, store)
        everything_is_written(deployment.serving)
    with store.telemetry.connect() as connection:
        known = set(connection.execute(select(predictions.c.prediction_id)).scalars())
    assert {"kept-1", "kept-2"} <= known
    assert "half" not in known


def test_a_half_written_artefact_is_not_served_and_the_copy_before_it_is(home: Path, store: Store):
    with Deployment(home, slack=False) as deployment:
        deployment.serving.stop()
        for artefact in (home / "artifacts" / MODEL).glob("*.safetensors"):
            halve(artefact)
        deployment.serving.start()
        serves_its_champion(deployment.serving, store)
        assert health(deployment.serving)["ready"] is True


def test_a_training_over_what_killed_ones_left_behind_gives_a_version_that_can_be_rebuilt(home: Path, store: Store):
    folder = home / "artifacts" / MODEL
    (folder / "rows").mkdir(exist_ok=True)
    for path in (folder / f"{'a' * 64}.partial-1", folder / "rows" / f"{'b' * 64}.partial-1"):
        path.write_bytes(b"PAR1 half")
    for part in (folder / "rows").glob("*.parquet"):
        halve(part)
    with Deployment(home, slack=False) as deployment:
        with drifting(deployment, store) as client:
            promoted_again(deployment, store)
        settle(deployment, store)
        assert violations(store, MODEL, client.told, Seen()) == []
        words = ["pipeline", "rebuild", MODEL, "v2", "--json"]
        environment = {**os.environ, **deployment.environment}
        done = subprocess.run([sys.executable, "-m", *words], env=environment, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["identical"] is True


@pytest.mark.parametrize("point", ["spool:kept", "spool:replayed"])
def test_a_kill_around_the_spool_loses_only_the_end_of_what_was_answered_and_writes_nothing_twice(
    home: Path, store: Store, point: str
):
    folder = home / "telemetry"
    folder.write_text("a file where the folder of the database should be")
    environment = BATCHED | {"REFIT_TELEMETRY_URL": f"sqlite:///{folder}/telemetry.db"}
    with Deployment(home, environment, agents=0, slack=False) as deployment:
        with drifting(deployment, store) as client:
            answered_again(client, deployment)
            until(lambda: counted(deployment.serving, "refit_log_spooled_rows") > 0, "nothing is spooled")
            deployment.arm(point)
            if point == "spool:replayed":
                folder.unlink()
            until(lambda: deployment.serving.life == 1, lambda: f"Nobody came there: {said(deployment)}")
            answered_again(client, deployment)
            if folder.is_file():
                folder.unlink()
            answered_again(client, deployment)
        everything_is_written(deployment.serving)
        opened = deployment.open_store()
        assert violations(opened, MODEL, client.told, Seen(), durable=False) == []
        opened.close()
