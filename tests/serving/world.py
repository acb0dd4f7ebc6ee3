"""A small world for the service to live in: real stores, real artefacts of a few words, real promotions."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, insert, select

from pipeline.gate.rules import Verdict, VerdictStatus
from pipeline.gate.verdicts import save_verdict
from pipeline.monitoring.profile import Profile, build_profile
from pipeline.records import JudgedVersion, Provenance
from pipeline.releases.promotion import pointer, promote, roll_back
from pipeline.releases.rollout import RolloutRules
from pipeline.releases.rollout_events import Rollout
from pipeline.releases.rollout_store import start_rollout
from pipeline.served.artifact import artifact_path, pack, save_artifact
from pipeline.served.text_linear import TextLinearModel
from pipeline.settings import PipelineSettings
from pipeline.store import control as control_tables
from pipeline.store import telemetry as telemetry_tables
from pipeline.store.engine import writing
from pipeline.store.open import open_store
from serving.settings import ServingSettings
from tests.migrated import migrated

MODEL = "sms_spam"
WORDS = ("free", "home", "lunch", "prize", "urgent", "win")
WEIGHTS = (2.0, -2.0, -2.0, 3.0, 2.0, 3.0)
EVERYDAY = ("see", "you", "at", "home", "after", "lunch", "the", "bus", "was", "late", "today", "will", "call", "mum")


class World:
    """The deployment under one folder, seen from the side of training."""

    def __init__(self, home: Path):
        self.settings = PipelineSettings(home=migrated(home), _env_file=None)
        self.store = open_store(self.settings)

    @property
    def control(self) -> Engine:
        return self.store.control

    def serving_settings(self, **changes: object) -> ServingSettings:
        quick = {
            "start_wait_seconds": 60,  # the first look takes longer than usual on a busy machine
            "poll_seconds": 0.05,
            "release_check_seconds": 0.05,
            "retry_seconds": 0.1,
            "log_flush_seconds": 0.02,
            "_env_file": None,
        }
        return ServingSettings(**{**quick, "pipeline": self.settings, **changes})

    def first_champion(self, model: str, content: bytes) -> str:
        """Version 1 of any model, registered, judged and promoted; its sha256 is returned."""
        sha256, now = save_artifact(self.settings.artifact_dir, model, content), datetime.now(UTC)
        row = {"model": model, "version": 1, "artifact_sha256": sha256, "artifact_bytes": len(content)}
        row |= {"trained_at": now, "training_rows": 1, "training_rows_sha256": "0" * 64}
        with writing(self.control).begin() as connection:
            connection.execute(insert(control_tables.versions).values(**row))
        passed = Verdict(status=VerdictStatus.PASSED, results=())
        verdict = save_verdict(self.control, model=model, version=1, champion_version=None, verdict=passed, at=now)
        judged = JudgedVersion(model=model, version=1, verdict_id=verdict.verdict_id, expected_generation=0)
        promote(self.control, judged, Provenance(who="test", why="test", at=now))
        return sha256

    def add_version(self, version: int, profile: Profile | None = None, weights: Sequence[float] | None = None) -> str:
        """Register a version with an artefact of its own; its sha256 is returned."""
        content = artifact_content(version, profile, weights or WEIGHTS)
        sha256 = save_artifact(self.settings.artifact_dir, MODEL, content)
        row = {
            "model": MODEL,
            "version": version,
            "artifact_sha256": sha256,
            "artifact_bytes": len(content),
            "trained_at": datetime.now(UTC),
            "training_rows": 10,
            "training_rows_sha256": "0" * 64,
        }
        with writing(self.control).begin() as connection:
            connection.execute(insert(control_tables.versions).values(**row))
        return sha256

    @property
    def generation(self) -> int:
        current = pointer(self.control, MODEL)
        return current.generation if current else 0

    def passed_verdict(self, version: int) -> str:
        """The gate has passed a version, against the present champion."""
        current = pointer(self.control, MODEL)
        verdict = save_verdict(
            self.control,
            model=MODEL,
            version=version,
            champion_version=current.version if current else None,
            verdict=Verdict(status=VerdictStatus.PASSED, results=()),
            at=datetime.now(UTC),
        )
        return verdict.verdict_id

    def promote(self, version: int) -> None:
        """Move the champion pointer to a version, with the passed verdict that this takes."""
        promote(
            self.control,
            JudgedVersion(
                model=MODEL,
                version=version,
                verdict_id=self.passed_verdict(version),
                expected_generation=self.generation,
            ),
            Provenance(who="test", why="test", at=datetime.now(UTC)),
        )

    def roll_out(self, version: int, rules: RolloutRules) -> Rollout:
        return start_rollout(
            self.control,
            JudgedVersion(
                model=MODEL,
                version=version,
                verdict_id=self.passed_verdict(version),
                expected_generation=self.generation,
            ),
            rules,
            Provenance(who="test", why="test", at=datetime.now(UTC)),
        )

    def roll_back(self) -> None:
        current = pointer(self.control, MODEL)
        assert current is not None
        roll_back(self.control, MODEL, current.generation, Provenance(who="test", why="test", at=datetime.now(UTC)))

    def artifact_file(self, sha256: str) -> Path:
        return artifact_path(self.settings.artifact_dir, MODEL, sha256)

    def logged_slots(self) -> list[tuple[str, int]]:
        """(slot, version) of every row of the log, in its order."""
        table = telemetry_tables.predictions
        with self.store.telemetry.connect() as connection:
            rows = connection.execute(select(table.c.slot, table.c.version).order_by(table.c.seq))
            return [(row.slot, row.version) for row in rows]

    def logged(self) -> dict[str, tuple[object, int]]:
        """What the telemetry store holds: prediction id -> (text, version)."""
        table = telemetry_tables.predictions
        with self.store.telemetry.connect() as connection:
            rows = connection.execute(select(table.c.prediction_id, table.c.input, table.c.version))
            return {row.prediction_id: (telemetry_tables.decode_input(row.input), row.version) for row in rows}


def artifact_content(version: int, profile: Profile | None = None, weights: Sequence[float] = WEIGHTS) -> bytes:
    """A model of six words that calls prizes spam; `version` is written into it, so that versions differ in bytes."""
    model = TextLinearModel(
        analyzer="word",
        ngram_range=(1, 1),
        sublinear_tf=True,
        terms=WORDS,
        idf=np.ones(len(WORDS)),
        weights=np.array(weights),
        intercept=-0.5,
        slope=2.0,
        offset=0.0,
        threshold=0.5,
    )
    return pack(model, profile, {"version": version})


@cache
def small_profile() -> Profile:
    return build_profile(everyday_texts(400, seed=1), seed=1, windows=40)


def everyday_texts(count: int, seed: int) -> list[str]:
    """Different messages out of one small vocabulary: no drift among them."""
    rng = random.Random(seed)
    return [" ".join(rng.choices(EVERYDAY, k=rng.randint(6, 14))) for _ in range(count)]
