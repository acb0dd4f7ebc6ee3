"""The hands of the agent: the plain functions that change something, each safe to repeat for one decision."""

from typing import Protocol

from pipeline.records import JudgedVersion, Pointer, Promotion, Provenance
from pipeline.releases import promotion
from pipeline.releases.release import release
from pipeline.releases.rollout_events import Rollout
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.store.open import Store
from pipeline.training.choice import WHOLE, TrainingChoice
from tools.training import TrainingOrder, train
from tools.training_result import TrainingResult


class Hands(Protocol):
    """What the loop can do to the world. A second call for one decision changes nothing and answers the same."""

    who: str

    def train(self, decision_id: str, choice: TrainingChoice = WHOLE) -> TrainingResult: ...

    def release(self, judged: JudgedVersion, provenance: Provenance) -> Promotion | Rollout: ...

    def roll_back(self, expected_generation: int, provenance: Provenance) -> Promotion: ...

    def pointer(self) -> Pointer | None: ...

    def show(self, move: Promotion) -> None: ...


class RealHands:
    """Training in a process of its own, releases by the model's rollout rules, moves through the promotion ledger."""

    def __init__(self, settings: PipelineSettings, store: Store, spec: ModelSpec, who: str):
        self.settings, self.store, self.spec, self.who = settings, store, spec, who

    def train(self, decision_id: str, choice: TrainingChoice = WHOLE) -> TrainingResult:
        order = TrainingOrder(
            model=self.spec.name,
            decision_id=decision_id,
            who=self.who,
            time_limit_seconds=self.spec.retraining.time_limit_seconds,
            memory_limit_mb=self.spec.retraining.memory_limit_mb,
            choice=choice,
        )
        return train(self.store.control, self.settings, order)

    def release(self, judged: JudgedVersion, provenance: Provenance) -> Promotion | Rollout:
        """Promoted at once, or the beginning of a rollout, which the service carries on."""
        done = release(self.store.control, judged, self.spec.rollout, provenance)
        if isinstance(done, Promotion):
            self.show(done)
        return done

    def roll_back(self, expected_generation: int, provenance: Provenance) -> Promotion:
        move = promotion.roll_back(self.store.control, self.spec.name, expected_generation, provenance)
        self.show(move)
        return move

    def pointer(self) -> Pointer | None:
        return promotion.pointer(self.store.control, self.spec.name)

    def show(self, move: Promotion) -> None:
        """Let what people see beside the ledger follow the champion."""
        # Imported here: MLflow takes a second, and most passes of the loop move nothing.
        from pipeline.releases.views import show_move

        show_move(self.settings, self.store.control, move)
