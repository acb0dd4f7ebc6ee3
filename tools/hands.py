"""The hands of the agent: the plain functions that change something, each safe to repeat for one decision."""

from datetime import datetime
from typing import Protocol

from pipeline.records import Pointer, Promotion
from pipeline.releases import promotion
from pipeline.releases.rollout_store import Rollout, release
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.store.open import Store
from pipeline.training.choice import WHOLE, TrainingChoice
from tools.training import TrainingResult, train


class Hands(Protocol):
    """What the loop can do to the world. A second call for one decision changes nothing and answers the same."""

    def train(self, decision_id: str, choice: TrainingChoice = WHOLE) -> TrainingResult: ...

    def release(
        self, *, version: int, verdict_id: str, expected_generation: int, why: str, decision_id: str, now: datetime
    ) -> Promotion | Rollout: ...

    def roll_back(self, *, expected_generation: int, why: str, decision_id: str, now: datetime) -> Promotion: ...

    def pointer(self) -> Pointer | None: ...

    def show(self, move: Promotion) -> None: ...


class RealHands:
    """Training in a process of its own, releases by the model's rollout rules, moves through the promotion ledger."""

    def __init__(self, settings: PipelineSettings, store: Store, spec: ModelSpec, who: str):
        self.settings, self.store, self.spec, self.who = settings, store, spec, who

    def train(self, decision_id: str, choice: TrainingChoice = WHOLE) -> TrainingResult:
        limit = self.spec.retraining.time_limit_seconds
        return train(self.settings, self.spec.name, decision_id, self.who, limit, choice)

    def release(
        self, *, version: int, verdict_id: str, expected_generation: int, why: str, decision_id: str, now: datetime
    ) -> Promotion | Rollout:
        """Promoted at once, or the beginning of a rollout, which the service carries on."""
        done = release(
            self.store.control,
            model=self.spec.name,
            version=version,
            verdict_id=verdict_id,
            expected_generation=expected_generation,
            rules=self.spec.rollout,
            who=self.who,
            why=why,
            now=now,
            decision_id=decision_id,
        )
        if isinstance(done, Promotion):
            self.show(done)
        return done

    def roll_back(self, *, expected_generation: int, why: str, decision_id: str, now: datetime) -> Promotion:
        move = promotion.roll_back(
            self.store.control,
            model=self.spec.name,
            expected_generation=expected_generation,
            who=self.who,
            why=why,
            now=now,
            decision_id=decision_id,
        )
        self.show(move)
        return move

    def pointer(self) -> Pointer | None:
        return promotion.pointer(self.store.control, self.spec.name)

    def show(self, move: Promotion) -> None:
        """Let MLflow's view for people follow the champion."""
        # Imported here: MLflow takes a second, and most passes of the loop move nothing.
        from pipeline.releases.registry import show_champion

        show_champion(self.settings, self.spec.name, move.to_version)
