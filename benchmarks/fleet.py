"""Many managed models in one deployment: a file, a champion with an artefact of its own and a little traffic each.

The models are copies of the main one with smaller windows; what they answer are messages that its training never saw.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count, cycle
from pathlib import Path
from uuid import uuid4

from sqlalchemy import insert

from pipeline.catalog import shelf
from pipeline.gate.rules import Verdict, VerdictStatus
from pipeline.gate.verdicts import save_verdict
from pipeline.monitoring.profile import Profile
from pipeline.records import JudgedVersion, Provenance
from pipeline.releases.promotion import promote
from pipeline.served.artifact import Artifact, pack, save_artifact
from pipeline.served.protocols import Answer, ServedModel
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.store import control as tables
from pipeline.store import telemetry
from pipeline.store.engine import writing
from pipeline.store.open import Store

WINDOW_ROWS = 100
A_CENTURY_OF_MINUTES = 100 * 365 * 24 * 60
FILE = '''"""Number {number} of many managed models."""

from dataclasses import replace

from pipeline.models.sms_spam import SPEC as MAIN
from pipeline.spec import ScheduleRules

SPEC = replace(
    MAIN,
    name="{name}",
    title="Model {number}",
    monitoring=replace(MAIN.monitoring, window_rows={rows}),
    schedule=ScheduleRules(look_minutes={minutes}),
)
'''


def write_models(folder: Path, models: int) -> dict[str, ModelSpec]:
    """A file for each model, with a schedule of its own, and the specifications that the catalog reads from them.

    The looks are about a century apart: whoever counts those that were due at a start meets no second one.
    """
    folder.mkdir(parents=True)
    for number in range(models):
        minutes = A_CENTURY_OF_MINUTES + number % 60
        content = FILE.format(number=number, name=model_name(number), rows=WINDOW_ROWS, minutes=minutes)
        (folder / f"{model_name(number)}.py").write_text(content)
    return fleet_of(folder)


def fleet_of(folder: Path) -> dict[str, ModelSpec]:
    """The models of that folder, without those that Refit brings."""
    return {name: spec for name, spec in shelf(folder).specs.items() if name.startswith("fleet_")}


def model_name(number: int) -> str:
    return f"fleet_{number:03d}"


def add_champion(
    settings: PipelineSettings, store: Store, spec: ModelSpec, model: ServedModel, profile: Profile, at: datetime
) -> None:
    """A promoted first version with an artefact that no other model has."""
    content = pack(model, profile, {"model": spec.name})
    row = {
        "model": spec.name,
        "version": 1,
        "artifact_sha256": save_artifact(settings.artifact_dir, spec.name, content),
        "artifact_bytes": len(content),
        "trained_at": at,
        "training_rows": profile.texts,
        "training_rows_sha256": "0" * 64,
    }
    with writing(store.control).begin() as connection:
        connection.execute(insert(tables.versions).values(**row))
    verdict = Verdict(status=VerdictStatus.PASSED, results=())
    passed = save_verdict(store.control, model=spec.name, version=1, champion_version=None, verdict=verdict, at=at)
    judged = JudgedVersion(model=spec.name, version=1, verdict_id=passed.verdict_id, expected_generation=0)
    promote(store.control, judged, Provenance(who="fleet", why="a first champion", at=at))


class Traffic:
    """Answers to the next messages of a list that is gone through again and again, logged for any model."""

    def __init__(self, store: Store, artifact: Artifact, texts: Sequence[str]):
        answers = artifact.predictor.answer_many(texts)
        self._store, self._ids, self._name = store, count(), uuid4().hex[:12]
        self._answered: Iterator[tuple[str, Answer]] = cycle(zip(texts, answers, strict=True))

    def log(self, model: str, messages: int, at: datetime) -> None:
        rows = [self._row(model, at, *next(self._answered)) for _ in range(messages)]
        with writing(self._store.telemetry).begin() as connection:
            connection.execute(insert(telemetry.predictions), rows)

    def _row(self, model: str, at: datetime, text: str, answer: Answer) -> dict[str, object]:
        return {
            "prediction_id": f"{self._name}-{next(self._ids)}",
            "model": model,
            "version": 1,
            "slot": "champion",
            "at": at,
            "input": telemetry.encode_input(text),
            "prediction": answer.prediction,
            "score": answer.score,
        }
