"""Fakes of what the loop talks to. What they do stands in files and databases, so that it outlives a killed process."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from agent.decision import Bounds, PolicyRules
from agent.deliberation.proposal import Deliberation
from agent.evidence import Evidence
from agent.observing.evidence import Observation
from pipeline.gate.rules import Verdict, VerdictStatus
from pipeline.gate.verdicts import newest_verdict, save_verdict
from pipeline.records import JudgedVersion, Pointer, Promotion, Provenance
from pipeline.releases import promotion
from pipeline.releases.release import release
from pipeline.releases.rollout import RolloutRules
from pipeline.releases.rollout_events import Rollout
from pipeline.store import control as tables
from pipeline.store.engine import writing
from pipeline.store.open import Store
from pipeline.training.choice import WHOLE, TrainingChoice
from tools.training_result import TrainingResult

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MODEL = "sms_spam"


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, at: datetime = NOON):
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **hours: float) -> None:
        self.at += timedelta(**hours)


@dataclass
class FixedObserver:
    """Always sees the same."""

    evidence: Evidence
    looks: list[bool] = field(default_factory=list)

    def observe(self, now: datetime, *, scheduled: bool) -> Observation:
        self.looks.append(scheduled)
        return Observation(evidence=self.evidence)


@dataclass
class FixedAssistant:
    """Always answers the same."""

    answer: Deliberation

    def deliberate(self, evidence: Evidence, limits: Bounds, rules: PolicyRules) -> Deliberation:
        return self.answer


@dataclass
class FakeHands:
    """Training writes a version and a verdict at once; moves go through the real promotion ledger.

    Like the real one, a second training for a decision trains nothing. Every real training leaves a line in `diary`.
    `clock` is that of the loop: a verdict of another day would be too old to promote on.
    """

    store: Store
    diary: Path
    who: str = "agent"
    verdict: VerdictStatus = VerdictStatus.PASSED
    error: Exception | None = None
    choices: list[TrainingChoice] = field(default_factory=list)
    rollout: RolloutRules = field(default_factory=RolloutRules)
    shown: list[int] = field(default_factory=list)
    clock: Callable[[], datetime] = field(default_factory=Clock)

    def train(self, decision_id: str, choice: TrainingChoice = WHOLE) -> TrainingResult:
        self.choices.append(choice)
        if self.error:
            raise self.error
        version = self._version_of(decision_id) or self._make(decision_id)
        record = newest_verdict(self.store.control, MODEL, version)
        assert record is not None
        return TrainingResult(
            version=version,
            verdict_id=record.verdict_id,
            verdict=record.verdict.status,
            reason="because the test says so",
            seconds=0.1,
            body={"metrics": {"f1": 0.97}},
        )

    def release(self, judged: JudgedVersion, provenance: Provenance) -> Promotion | Rollout:
        return release(self.store.control, judged, self.rollout, provenance)

    def show(self, move: Promotion) -> None:
        self.shown.append(move.to_version)

    def roll_back(self, expected_generation: int, provenance: Provenance) -> Promotion:
        return promotion.roll_back(self.store.control, MODEL, expected_generation, provenance)

    def pointer(self) -> Pointer | None:
        return promotion.pointer(self.store.control, MODEL)

    @property
    def trainings(self) -> list[str]:
        return self.diary.read_text().split() if self.diary.exists() else []

    def _version_of(self, decision_id: str) -> int | None:
        query = select(tables.versions.c.version).where(tables.versions.c.decision_id == decision_id)
        with self.store.control.connect() as connection:
            return connection.execute(query).scalar()

    def _make(self, decision_id: str) -> int:
        with self.diary.open("a") as file:
            file.write(f"{decision_id}\n")
        champion = self.pointer()
        at = self.clock()
        version = add_version(self.store, decision_id=decision_id, at=at)
        add_verdict(self.store, version, champion.version if champion else None, self.verdict, at)
        return version


def add_version(store: Store, decision_id: str | None = None, at: datetime = NOON, sha256: str | None = None) -> int:
    """The next version of the model, without an artefact behind it unless `sha256` names one."""
    with writing(store.control).begin() as connection:
        version = len(connection.execute(select(tables.versions.c.version)).all()) + 1
        row = {
            "model": MODEL,
            "version": version,
            "artifact_sha256": sha256 or f"{version:064d}",
            "artifact_bytes": 1,
            "trained_at": at,
            "training_rows": 10,
            "training_rows_sha256": "0" * 64,
            "decision_id": decision_id,
        }
        connection.execute(insert(tables.versions).values(**row))
    return version


def add_verdict(
    store: Store, version: int, against: int | None, status: VerdictStatus = VerdictStatus.PASSED, at: datetime = NOON
) -> str:
    verdict = Verdict(status=status, results=())
    record = save_verdict(store.control, model=MODEL, version=version, champion_version=against, verdict=verdict, at=at)
    return record.verdict_id


def add_champion(store: Store, sha256: str | None = None, at: datetime = NOON) -> int:
    """A new version that is trained, judged and promoted."""
    champion = promotion.pointer(store.control, MODEL)
    version = add_version(store, at=at, sha256=sha256)
    judged = JudgedVersion(
        model=MODEL,
        version=version,
        verdict_id=add_verdict(store, version, champion.version if champion else None, at=at),
        expected_generation=champion.generation if champion else 0,
    )
    promotion.promote(store.control, judged, Provenance(who="test", why="a champion for the test", at=at))
    return version
