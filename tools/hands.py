"""The hands of the agent: the plain functions that change something, each safe to repeat for one decision."""

from datetime import datetime
from typing import Protocol

from pipeline.records import Pointer, Promotion
from pipeline.releases import promotion
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.store.open import Store
from pipeline.training.choice import WHOLE, TrainingChoice
from tools.training import TrainingResult, train


class Hands(Protocol):
    """What the loop can do to the world. A second call for one decision changes nothing and answers the same."""

    def train(self, decision_id: str, choice: TrainingChoice = WHOLE) -> TrainingResult: ...

    def promote(
        self, *, version: int, verdict_id: str, expected_generation: int, why: str, decision_id: str, now: datetime
    ) -> Promotion: ...

    def roll_back(self, *, expected_generation: int, why: str, decision_id: str, now: datetime) -> Promotion: ...

    def pointer(self) -> Pointer | None: ...


class RealHands:
    """Training in a process of its own, moves of the champion pointer through the promotion ledger."""

    def __init__(self, settings: PipelineSettings, store: Store, spec: ModelSpec, who: str):
        self.settings, self.store, self.spec, self.who = settings, store, spec, who

    def train(self, decision_id: str, choice: TrainingChoice = WHOLE) -> TrainingResult:
        limit = self.spec.retraining.time_limit_seconds
        return train(self.settings, self.spec.name, decision_id, self.who, limit, choice)

    def promote(
        self, *, version: int, verdict_id: str, expected_generation: int, why: str, decision_id: str, now: datetime
    ) -> Promotion:
        move = promotion.promote(
            self.store.control,
            model=self.spec.name,
            version=version,
            verdict_id=verdict_id,
            expected_generation=expected_generation,
            who=self.who,
            why=why,
            now=now,
            decision_id=decision_id,
        )
        self._show(move)
        return move

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
        self._show(move)
        return move

    def pointer(self) -> Pointer | None:
        return promotion.pointer(self.store.control, self.spec.name)

    def _show(self, move: Promotion) -> None:
        # Imported here: MLflow takes a second, and most passes of the loop move nothing.
        from pipeline.releases.registry import show_champion

        show_champion(self.settings, self.spec.name, move.to_version)
