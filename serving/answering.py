"""Asks the version that a request is routed to, and has the other one asked in the shadow while a rollout lasts."""

import random
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pipeline.served.protocols import Answer
from pipeline.spec import ModelSpec
from serving.asking import BROKEN_MODEL, TOP_FEATURES, NoAnswerError, explained
from serving.prediction_log import Entry
from serving.routing import Slot, answers, shadow
from serving.shadow import Shadow, ShadowTask
from serving.slots import Held, Lineup, Trial

# Seeded by the operating system once: an id must be unique, not secret, and asking for each costs up to 100 us.
_random = random.Random()
_CHAMPION = Slot.CHAMPION.value


class Served(NamedTuple):
    """One answer as its caller gets it, and as it is logged; during a rollout, what to note once it is handed out."""

    tag: str
    answer: Answer
    entry: Entry
    trial: Trial | None = None
    comparison: ShadowTask | None = None


class Answerer:
    """`answer` is called from threads too, where a model has to be waited for; `given` from the event loop alone."""

    def __init__(self, shadow: Shadow):
        self._shadow = shadow

    def answer(self, spec: ModelSpec, lineup: Lineup, value: Any, caller: str) -> Served:
        """The answer for one input, of which nothing is kept yet.

        `caller` decides between versions: the same one gets the same version.
        """
        split, trial = lineup.split, lineup.trial
        if split is None or trial is None:
            champion = lineup.champion
            answer = champion.artifact.predictor.explain(value, TOP_FEATURES)
            if not 0.0 <= answer.score <= 1.0:  # as `explained` does, without its call: most requests come this way
                raise NoAnswerError(champion, answer)
            return _served(spec, champion, _CHAMPION, value, answer)
        key = caller or new_id()
        slot = answers(split, key)
        held, slot, answer, nanoseconds = _ask(lineup, trial, slot, value)
        served = _served(spec, held, slot.value, value, answer)
        other = shadow(split, slot, key)
        asked_too = lineup.held(other) if other else None
        if other is None or asked_too is None or asked_too.version == held.version:
            return served._replace(trial=trial)
        comparison = ShadowTask(trial, other, asked_too, served.entry, answer, nanoseconds)
        return served._replace(trial=trial, comparison=comparison)

    def given(self, served: Served) -> None:
        """Count an answer of a rollout that its caller gets, and have the other version asked the same."""
        if served.trial is not None:
            served.trial.figures.answered_by(served.entry.version, served.answer)
        if served.comparison is not None:
            self._shadow.offer(served.comparison)


def _ask(lineup: Lineup, trial: Trial, slot: Slot, value: Any) -> tuple[Held, Slot, Answer, int]:
    """The answer of a slot; when the version that is tried fails, that of the version beside it.

    Only what the other one answers is a failure of the version that is tried: an input that both fail on is itself at
    fault.
    """
    held = lineup.held(slot) or lineup.champion
    started = time.perf_counter_ns()
    try:
        answer = explained(held, value)
    except BROKEN_MODEL:
        if held.version != trial.version:
            raise
        slot = Slot.CHAMPION if slot is Slot.CHALLENGER else Slot.PREVIOUS
        beside = lineup.held(slot)
        if beside is None:
            trial.figures.challenger_failed()
            raise
        held, answer = beside, explained(beside, value)
        trial.figures.challenger_failed()
    return held, slot, answer, time.perf_counter_ns() - started


def _served(spec: ModelSpec, held: Held, slot: str, value: Any, answer: Answer) -> Served:
    at = datetime.now(UTC)
    entry = Entry(new_id(), spec.name, held.version, slot, at, value, answer.prediction, answer.score)
    return Served(held.tag, answer, entry)


def new_id() -> str:
    """32 hexadecimal digits: milliseconds, so that the store's index grows at its end, then 80 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{_random.getrandbits(80):020x}"
