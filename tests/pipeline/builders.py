"""Small real values for tests of the pipeline: a compiled model from a few terms, versions and verdicts in a store."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pipeline.gate.rules import Verdict, VerdictStatus
from pipeline.gate.verdicts import save_verdict
from pipeline.records import VersionRecord
from pipeline.served.artifact import pack, save_artifact
from pipeline.served.text_linear import TextLinearModel
from pipeline.settings import PipelineSettings
from pipeline.store import control
from pipeline.store.engine import writing
from pipeline.store.open import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def environment_of(settings: PipelineSettings) -> dict[str, str]:
    """What a process of its own must be told in order to work on the same stores."""
    urls = {"REFIT_TELEMETRY_URL": settings.telemetry_url, "REFIT_CONTROL_URL": settings.control_url}
    named = {name: url.get_secret_value() for name, url in urls.items() if url}
    return {"REFIT_HOME": str(settings.home)} | named


def settings_in(folder: Path) -> PipelineSettings:
    return PipelineSettings(home=folder)


def word_model(weights: dict[str, float], intercept: float = 0.0) -> TextLinearModel:
    """A model that adds up the weights of the words it knows; P(positive) is the logistic of the sum."""
    return TextLinearModel(
        analyzer="word",
        ngram_range=(1, 1),
        sublinear_tf=True,
        terms=tuple(weights),
        idf=np.ones(len(weights)),
        weights=np.array(list(weights.values())),
        intercept=intercept,
        slope=1.0,
        offset=0.0,
        threshold=0.5,
    )


def add_version(
    settings: PipelineSettings,
    store: Store,
    version: int,
    *,
    weights: dict[str, float] | None = None,
    model: str = "sms_spam",
    decision_id: str | None = None,
) -> VersionRecord:
    """Register a small real artefact as a version, without MLflow."""
    content = pack(word_model(weights or {"prize": 4.0 + version, "lunch": -4.0}, -1.0), None, {"made_for": version})
    record = VersionRecord(
        model=model,
        version=version,
        artifact_sha256=save_artifact(settings.artifact_dir, model, content),
        artifact_bytes=len(content),
        run_id=None,
        trained_at=NOON,
        training_rows=100,
        training_rows_sha256="0" * 64,
        decision_id=decision_id,
    )
    with writing(store.control).begin() as connection:
        connection.execute(control.versions.insert().values(**vars(record)))
    return record


def add_verdict(
    store: Store,
    version: int,
    *,
    champion: int | None,
    status: VerdictStatus = VerdictStatus.PASSED,
    at: datetime = NOON,
    model: str = "sms_spam",
) -> str:
    verdict = Verdict(status=status, results=())
    record = save_verdict(
        store.control, model=model, version=version, champion_version=champion, verdict=verdict, at=at
    )
    return record.verdict_id
