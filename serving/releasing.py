"""Carries a rollout on by itself: looks at its guards, advances it, or takes it back. It needs no agent for that.

One thread in each service. Of several services on one store one makes each move; a breach that one of them sees stops
the challenger there at once, before the store is asked.
"""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from sqlalchemy import Engine

from pipeline.errors import ConcurrentChangeError, RefitError
from pipeline.faults import fault_point
from pipeline.records import Provenance, version_tag
from pipeline.releases.pins import active_pin
from pipeline.releases.promotion import pointer
from pipeline.releases.rollout import Move, Step, difference, look_is_due, next_step
from pipeline.releases.rollout_events import Rollout
from pipeline.releases.rollout_store import advance, cancel, settle, take_back, was_overtaken, was_promoted
from serving.background import give_way
from serving.errors import STORE_TROUBLE, reason
from serving.labelled_pairs import LabelledPairs, labelled_pairs
from serving.slots import Problem, Slots, Trial

log = logging.getLogger("serving")

WHO = "serving"
STUCK = "rollout_stuck"


@dataclass(frozen=True, kw_only=True)
class Look:
    """How far the evidence was when the guards of a stage were last asked."""

    trial: Trial
    pairs: int
    errors: int
    enough: bool


class Releaser:
    """`step` is one look at the rollout of one model."""

    def __init__(
        self,
        *,
        slots: Slots,
        control: Callable[[], Engine],
        telemetry: Callable[[], Engine],
        check_seconds: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self._slots = slots
        self._control = control
        self._telemetry = telemetry
        self._check_seconds = check_seconds
        self._now = now
        self._looked: dict[str, Look] = {}
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="releaser", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        give_way()
        while not self._stopping.wait(self._check_seconds):
            for model in self._slots.models:
                self.step(model)

    def step(self, model: str) -> None:
        """Do what the guards of the present stage say; what the store refuses is reported and tried again."""
        trial = self._slots.trial(model)
        if trial is None:
            self._slots.solved(model, STUCK)  # by whoever ended the rollout
            return
        try:
            if self._in_order(trial.rollout):
                self._judge(model, trial)
        except ConcurrentChangeError:
            pass  # another service was faster; the follower brings what it did
        except (RefitError, *STORE_TROUBLE) as error:
            self._stuck(trial.rollout, error)
            return
        self._slots.solved(model, STUCK)

    def _in_order(self, rollout: Rollout) -> bool:
        """Whether the rollout still stands beside the champion that it began with; if not, it is put in order."""
        champion = pointer(self._control(), rollout.model)
        if champion is None:
            return False
        held = active_pin(self._control(), rollout.model, self._now())
        if held is not None:
            why = f"The model was pinned (pin {held.seq}): {held.why}"
            cancel(self._control(), rollout, self._provenance(why))
        elif was_promoted(rollout, champion):
            settle(self._control(), rollout, who=WHO, now=self._now())
        elif was_overtaken(rollout, champion):
            why = f"The champion is {version_tag(champion.version)} now, by another hand."
            cancel(self._control(), rollout, self._provenance(why))
        else:
            return True
        return False

    def _judge(self, model: str, trial: Trial) -> None:
        rollout, figures = trial.rollout, trial.figures
        due = self._look(model, trial)
        if not due and figures.pairs < rollout.now.min_requests:
            return
        labels = self._labels(trial)
        counts = (labels.pairs, labels.won, labels.lost) if labels else None
        seen = figures.figures(self._now(), counts)
        step = next_step(rollout.now, rollout.guards, seen)
        if step.move is Move.HOLD or (step.move is Move.ROLL_BACK and not due):
            return
        self._carry_out(step, trial, {"figures": asdict(seen), "arms": arms(trial, labels)})

    def _carry_out(self, step: Step, trial: Trial, shown: dict[str, Any]) -> None:
        rollout, control, why = trial.rollout, self._control(), " ".join(step.reasons)
        body = shown | {"guards": [asdict(result) for result in step.guards]}
        name = f"{rollout.model} {version_tag(rollout.version)}"
        if step.move is Move.ROLL_BACK:
            self._slots.stop_trial(rollout.model, rollout.rollout_id)
            take_back(control, rollout, self._provenance(why), body=body)
            log.warning("%s is taken back: %s", name, why)
        else:
            fault_point("rollout:moving")
            advance(control, rollout, self._provenance(why), body=body)
            fault_point("rollout:moved")
            log.info("%s leaves stage %d of its rollout: %s", name, rollout.stage + 1, why)

    def _provenance(self, why: str) -> Provenance:
        return Provenance(who=WHO, why=why, at=self._now())

    def _look(self, model: str, trial: Trial) -> bool:
        """Whether guards are to be believed now. Looks lie apart while evidence grows: at every request, chance wins.

        A new failure, and a stage that has just seen enough, are looked at too.
        """
        figures, enough = trial.figures, trial.figures.pairs >= trial.rollout.now.min_requests
        looked = self._looked.get(model)
        last = looked if looked and looked.trial is trial else Look(trial=trial, pairs=0, errors=0, enough=False)
        due = look_is_due(figures.pairs, last.pairs) or figures.errors > last.errors or enough > last.enough
        if due:
            self._looked[model] = Look(trial=trial, pairs=figures.pairs, errors=figures.errors, enough=enough)
        return due

    def _labels(self, trial: Trial) -> LabelledPairs | None:
        rollout = trial.rollout
        try:
            return labelled_pairs(self._telemetry(), rollout.model, rollout.version, rollout.started_at)
        except STORE_TROUBLE:
            return None

    def _stuck(self, rollout: Rollout, error: Exception) -> None:
        why = str(error) if isinstance(error, RefitError) else reason(error)
        message = f"The rollout of {rollout.model} {version_tag(rollout.version)} cannot go on: {why}"
        problem = Problem(code=STUCK, message=message, since=datetime.now(UTC))
        if self._slots.report(rollout.model, problem):
            log.warning("%s: %s", STUCK, message)


def arms(trial: Trial, labels: LabelledPairs | None) -> dict[str, Any]:
    """The A/B test: what callers got from each version, and the difference in accuracy with its interval."""
    known = labels or LabelledPairs(pairs=0, won=0, lost=0, labelled={}, correct={})
    rollout, figures = trial.rollout, trial.figures
    challenger, champion = (
        known.arm(version, figures.answered.get(version, 0), figures.positive.get(version, 0))
        for version in (rollout.version, rollout.champion_version)
    )
    gain = difference(challenger, champion)
    return {
        "challenger": asdict(challenger) | {"accuracy": challenger.accuracy},
        "champion": asdict(champion) | {"accuracy": champion.accuracy},
        "accuracy_difference": gain[0] if gain else None,
        "accuracy_difference_interval_95": list(gain[1:]) if gain else None,
    }
