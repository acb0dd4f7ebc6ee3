"""What is loaded: for each model its slots, what is tried in them, and what keeps a wanted version from loading.

The request path reads one entry, a line-up; the follower replaces it whole, so no request sees half a swap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Protocol

from pipeline.errors import NoChampionError
from pipeline.records import Pin, Pointer, version_tag
from pipeline.releases.rollout_events import Rollout
from pipeline.served.artifact import Artifact
from serving.errors import NotServingError
from serving.routing import Slot, Split
from serving.trials import TrialFigures


class SlotState(StrEnum):
    SERVING = "serving"
    STANDBY = "standby"
    SHADOW = "shadow"
    CANARY = "canary"
    EMPTY = "empty"


class Held(Protocol):
    """A version in memory, in whatever slot."""

    @property
    def version(self) -> int: ...

    @property
    def tag(self) -> str: ...

    @property
    def artifact(self) -> Artifact: ...


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A version in memory. `pointer` is the move that made it champion; `since` is when this process took it up."""

    pointer: Pointer
    artifact: Artifact
    since: datetime

    @property
    def version(self) -> int:
        return self.pointer.version

    @property
    def tag(self) -> str:
        return version_tag(self.pointer.version)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A version in memory that is being rolled out, and what the present stage has shown so far."""

    rollout: Rollout
    artifact: Artifact
    since: datetime
    figures: TrialFigures

    @property
    def version(self) -> int:
        return self.rollout.version

    @property
    def tag(self) -> str:
        return version_tag(self.rollout.version)


@dataclass(frozen=True, kw_only=True)
class Lineup:
    """All that one request needs to know: who answers, and how requests are divided while a version is tried."""

    champion: Loaded
    previous: Loaded | None = None
    trial: Trial | None = None
    split: Split | None = None

    def held(self, slot: Slot) -> Held | None:
        if slot is Slot.CHALLENGER:
            return self.trial
        return self.champion if slot is Slot.CHAMPION else self.previous


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a model is not served as it should be: a code for programs and a sentence for people."""

    code: str
    message: str
    since: datetime


class Slots:
    """Written by the follower's thread, read by the event loop."""

    def __init__(self, models: Sequence[str]):
        self.models = tuple(models)
        self.swaps: dict[str, int] = dict.fromkeys(models, 0)
        self.pins: dict[str, Pin | None] = dict.fromkeys(models)
        self._loaded: dict[tuple[str, Slot], Loaded] = {}
        self._trials: dict[str, Trial] = {}
        self._stopped: dict[str, str] = {}
        self._lineups: dict[str, Lineup] = {}
        self._problems: dict[tuple[str, str], Problem] = {}
        self._writing = Lock()

    def lineup(self, model: str) -> Lineup:
        """Who answers for `model`. Raises NoChampionError, or NotServingError when there is a reason to tell."""
        found = self._lineups.get(model)
        if found is None:
            raise self._nothing_loaded(model)
        return found

    def get(self, model: str, slot: Slot) -> Loaded | None:
        """The champion or the previous one; a challenger is a trial."""
        return self._loaded.get((model, slot))

    def trial(self, model: str) -> Trial | None:
        return self._trials.get(model)

    def champion(self, model: str) -> Loaded:
        """What answers for `model` outside of a rollout. Raises what `lineup` raises."""
        return self.lineup(model).champion

    def with_sha256(self, model: str, sha256: str) -> Held | None:
        """A slot of `model` that holds this artefact already."""
        held: list[Held | None] = [*(self.get(model, slot) for slot in Slot), self.trial(model)]
        return next((loaded for loaded in held if loaded and loaded.artifact.sha256 == sha256), None)

    def switch(self, model: str, loaded: Loaded) -> Artifact | None:
        """Make `loaded` the champion; the old one stands by as `previous`, and the one before it is released: returned.

        Requests that hold a released version finish with it.
        """
        with self._writing:
            old, before = self._loaded.get((model, Slot.CHAMPION)), self._loaded.get((model, Slot.PREVIOUS))
            self._loaded[model, Slot.CHAMPION] = loaded
            if old is not None and old.version != loaded.version:
                self._loaded[model, Slot.PREVIOUS] = old
            self.swaps[model] += 1
            self._line_up(model)
        return before.artifact if before and not self.with_sha256(model, before.artifact.sha256) else None

    def stand_by(self, model: str, loaded: Loaded) -> None:
        """Keep in memory what a rollback would go back to."""
        with self._writing:
            self._loaded[model, Slot.PREVIOUS] = loaded
            self._line_up(model)

    def set_trial(self, model: str, trial: Trial | None) -> None:
        """Begin, change or end what is tried beside the champion."""
        with self._writing:
            if trial is None:
                self._trials.pop(model, None)
            else:
                self._trials[model] = trial
            self._line_up(model)

    def stop_trial(self, model: str, rollout_id: str) -> None:
        """Give the version that is tried no more requests, whatever the store says of its rollout."""
        with self._writing:
            self._stopped[model] = rollout_id
            self._line_up(model)

    def report(self, model: str, problem: Problem) -> bool:
        """Note a problem; True when it is new or says something new."""
        with self._writing:
            known = self._problems.get((model, problem.code))
            if known and known.message == problem.message:
                return False
            self._problems[model, problem.code] = problem
            return True

    def solved(self, model: str, *codes: str) -> None:
        with self._writing:
            for code in codes:
                self._problems.pop((model, code), None)

    def problems(self, model: str) -> list[Problem]:
        with self._writing:
            return [problem for (owner, _), problem in self._problems.items() if owner == model]

    def held(self, model: str, slot: Slot) -> Held | None:
        """What is in a slot. A version that a rollout has promoted stands in the champion's slot alone."""
        if slot is not Slot.CHALLENGER:
            return self.get(model, slot)
        trial = self.trial(model)
        return None if trial is None or trial.rollout.promoted else trial

    def state(self, model: str, slot: Slot) -> SlotState:
        held = self.held(model, slot)
        if held is None:
            return SlotState.EMPTY
        if isinstance(held, Trial):
            return SlotState(held.rollout.now.traffic.value)
        return SlotState.SERVING if slot is Slot.CHAMPION else SlotState.STANDBY

    def _line_up(self, model: str) -> None:
        champion, trial = self._loaded.get((model, Slot.CHAMPION)), self._trials.get(model)
        if champion is None:
            return
        going = trial is not None and trial.rollout.rollout_id != self._stopped.get(model)
        self._lineups[model] = Lineup(
            champion=champion,
            previous=self._loaded.get((model, Slot.PREVIOUS)),
            trial=trial if going else None,
            split=_split(trial.rollout) if trial is not None and going else None,
        )

    def _nothing_loaded(self, model: str) -> Exception:
        problems = self.problems(model)
        return NotServingError(problems[0].code, problems[0].message) if problems else NoChampionError(model)


def _split(rollout: Rollout) -> Split:
    return Split(salt=rollout.rollout_id, traffic=rollout.now.traffic, share=rollout.now.share)
