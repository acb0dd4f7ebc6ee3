"""What the serving benchmarks deploy: a champion that the search picks, in a home of its own, with versions to swap."""

import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import joblib
from sklearn.pipeline import make_pipeline
from sqlalchemy import Engine

from pipeline.catalog import managed_model
from pipeline.data.homes import assign_homes
from pipeline.gate.rules import Verdict, VerdictStatus
from pipeline.gate.verdicts import save_verdict
from pipeline.monitoring.profile import build_profile
from pipeline.records import JudgedVersion, Provenance
from pipeline.releases.promotion import pointer, promote
from pipeline.served.artifact import pack, save_artifact
from pipeline.settings import PipelineSettings
from pipeline.store import control as tables
from pipeline.store.engine import writing
from pipeline.store.open import open_store
from pipeline.training.backends import LocalProcesses
from pipeline.training.fitting import train

MODEL = "sms_spam"
# More than the service holds at a time, so that each swap in turn loads an artefact and releases one.
VERSIONS = (1, 2, 3, 4)
STEP = 0.01


class Deployment:
    """A trained champion in a folder, in the forms that the servers take, and further versions to swap with."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.settings = PipelineSettings(home=folder / "home", data_dir=PipelineSettings().data_dir)
        spec = managed_model(MODEL)
        homes = assign_homes(spec.load(self.settings))
        self.texts = [str(row.input) for row in homes.live]
        self.texts_file = folder / "texts.json"
        self.texts_file.write_text(json.dumps(self.texts))
        self.model = train(spec, homes.train, backend=LocalProcesses(2), progress=lambda done, total, what: None).model
        self.store = open_store(self.settings)
        compiled, profile = self.model.compiled(), build_profile([str(row.input) for row in homes.train], seed=1)
        # Versions differ a little in their intercept, so that an answer tells which one it is of.
        self.compiled = {
            version: replace(compiled, intercept=compiled.intercept + STEP * (version - 1)) for version in VERSIONS
        }
        for version, model in self.compiled.items():
            self._add_version(version, pack(model, profile, {"version": version}))
        promote_version(self.store.control, 1)
        self.pipeline = make_pipeline(self.model.featuriser, self.model.estimator)
        joblib.dump(self.pipeline, folder / "pipeline.joblib")
        (folder / "compiled.pickle").write_bytes(pickle.dumps(compiled))

    def _add_version(self, version: int, content: bytes) -> None:
        row = {
            "model": MODEL,
            "version": version,
            "artifact_sha256": save_artifact(self.settings.artifact_dir, MODEL, content),
            "artifact_bytes": len(content),
            "trained_at": datetime.now(UTC),
            "training_rows": 1,
            "training_rows_sha256": "0" * 64,
        }
        with writing(self.store.control).begin() as connection:
            connection.execute(tables.versions.insert().values(**row))


def promote_version(control: Engine, version: int) -> None:
    """Move the champion pointer, with the passed verdict that this takes."""
    now, current = datetime.now(UTC), pointer(control, MODEL)
    passed = save_verdict(
        control,
        model=MODEL,
        version=version,
        champion_version=current.version if current else None,
        verdict=Verdict(status=VerdictStatus.PASSED, results=()),
        at=now,
    )
    promote(
        control,
        JudgedVersion(
            model=MODEL,
            version=version,
            verdict_id=passed.verdict_id,
            expected_generation=current.generation if current else 0,
        ),
        Provenance(who="benchmark", why="measuring", at=now),
    )
