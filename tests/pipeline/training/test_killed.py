"""A training that is killed on its last steps leaves a version with all that belongs to it, or none."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from pipeline.catalog import managed_model
from pipeline.gate.rules import VerdictStatus
from pipeline.gate.verdicts import newest_verdict
from pipeline.releases.promotion import versions
from pipeline.spec import SearchRules
from pipeline.training.lineage import lineage_of
from pipeline.training.retraining import Retraining, retrain
from pipeline.training.workbench import open_workbench
from tests.pipeline.builders import environment_of

FULL = managed_model("breast_cancer")
SPEC = replace(FULL, candidates=FULL.candidates[:1], search=SearchRules(folds=2, repeats=1))


def quiet(done: int, total: int, what: str) -> None:
    """No progress."""


def train(settings, store) -> Retraining:
    return retrain(open_workbench(settings, store, SPEC), progress=quiet, decision_id="d1")


def train_until(point, settings, tmp_path) -> int:
    """A training for the same decision, in a process that kills itself there; its exit code."""
    asked = tmp_path / "fault"
    asked.write_text(point)
    code = (
        "from pipeline.settings import PipelineSettings; from pipeline.store.open import open_store;"
        "from tests.pipeline.training.test_killed import train;"
        "settings = PipelineSettings(); train(settings, open_store(settings))"
    )
    environment = {**os.environ, **environment_of(settings), "REFIT_FAULT_FILE": str(asked)}
    return subprocess.run([sys.executable, "-c", code], env=environment, timeout=300).returncode


@pytest.mark.parametrize("point", ["training:version_made", "training:registered"])
def test_the_training_that_follows_ends_with_one_whole_version(settings, store, tmp_path, point):
    assert train_until(point, settings, tmp_path) == -signal.SIGKILL
    after = train(settings, store)
    assert after.verdict.status is VerdictStatus.PASSED
    (kept,) = versions(store.control, SPEC.name)
    assert after.version == kept
    assert newest_verdict(store.control, SPEC.name, kept.version) == after.record
    assert lineage_of(store.control, SPEC.name, kept.version)["winner"]["candidate"] == FULL.candidates[0].name
