"""The state of a managed model as a light with its reason. Pure: no clock, no files, no model calls.

The newest decision gives the state; what is read from it is what the policy and the guardrails wrote into it. One that
cannot be read (an altered entry, say) gives grey, never green.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agent.actions import Action
from agent.decision import Trigger
from agent.evidence import DataStatus
from agent.rules.wording import score, share
from pipeline.durations import HOURS_PER_DAY
from pipeline.records import version_tag

# So many intervals without a look mean that nobody looks any more.
MISSED_LOOKS = 3
SCORE_WORDS = {"vocabulary_drift": "vocabulary", "tfidf_drift": "TF-IDF", "numeric_drift": "numeric"}


class Light(StrEnum):
    """Red: act now. Amber: look. Green: judged and calm. Grey: nothing can be said."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    GREY = "grey"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a light rests on. `decision` is the body of the newest decision; ages are in hours."""

    version: int | None = None
    generation: int = 0
    decision: Mapping[str, Any] | None = None
    hours_since_look: float | None = None
    look_every_hours: float = 1.0
    waiting: int = 0

    def part(self, *names: str) -> Any:
        """A part of the decision by its path; None where it is not there."""
        found: Any = self.decision
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    @property
    def triggers(self) -> frozenset[str]:
        return frozenset(self.part("bounds", "triggers") or ())

    @property
    def effective(self) -> frozenset[str]:
        return frozenset(self.part("ruling", "effective") or ())

    @property
    def status(self) -> str:
        return str(self.part("evidence", "drift", "status") or DataStatus.NO_DATA)

    def fired(self, action: Action) -> str | None:
        """The sentence of the first rule that requires the action."""
        rules = self.part("bounds", "fired") or ()
        return next((str(rule["sentence"]) for rule in rules if action in (rule.get("requires") or ())), None)


@dataclass(frozen=True, kw_only=True)
class Standing:
    light: Light
    why: str


Rule = Callable[[Seen], str | None]


def nothing_serves(seen: Seen) -> str | None:
    return "No version serves yet." if seen.version is None else None


def accuracy_is_below(seen: Seen) -> str | None:
    if Trigger.ACCURACY not in seen.triggers:
        return None
    p = seen.part("evidence", "accuracy", "p_below_floor")
    return f"Accuracy {share(seen.part('evidence', 'accuracy', 'estimate'))}: P(below the floor) is {score(p)}."


def person_is_needed(seen: Seen) -> str | None:
    if Action.ASK_PERSON not in seen.effective:
        return None
    return seen.fired(Action.ASK_PERSON) or "A person is asked to decide."


def is_taken_back(seen: Seen) -> str | None:
    return "The champion is rolled back." if Action.ROLL_BACK in seen.effective else None


def waits_for_approval(seen: Seen) -> str | None:
    if not seen.waiting:
        return None
    return "An action waits for approval." if seen.waiting == 1 else f"{seen.waiting} actions wait for approval."


def drifts(seen: Seen) -> str | None:
    if Trigger.DRIFT not in seen.triggers:
        return None
    return f"Drift: {_scores(seen)}."


def drift_is_not_acted_on(seen: Seen) -> str | None:
    """Above the line, and the policy has its reasons: one window may be chance, or drift was answered and rests."""
    line = seen.part("rules", "monitoring", "drift_threshold")
    drift = seen.part("evidence", "drift") or {}
    found = [drift[name] for name in SCORE_WORDS if drift.get(name) is not None]
    if line is None or not found or max(found) <= line:
        return None
    rules = seen.part("bounds", "fired") or ()
    said = next((str(rule["sentence"]) for rule in rules if "drift" in str(rule.get("rule"))), None)
    return said or f"Drift that is not acted on: {_scores(seen)}."


def messages_have_stopped(seen: Seen) -> str | None:
    if seen.status != DataStatus.STALE:
        return None
    hours = seen.part("evidence", "drift", "hours_since_last_message")
    return "Messages have stopped." if hours is None else f"The last message is {age(hours)} old."


def alerts(seen: Seen) -> str | None:
    if not seen.effective & {Action.ALERT, Action.REQUEST_LABELS}:
        return None
    return seen.fired(Action.ALERT) or seen.fired(Action.REQUEST_LABELS) or "Something was found: see the decision."


def trouble_is_unresolved(seen: Seen) -> str | None:
    """A window that could not be judged ends no incident."""
    judged = seen.status in (DataStatus.LOW_POWER, DataStatus.SUFFICIENT)
    known = seen.part("evidence", "history", "incident_id")
    return "Earlier trouble is unresolved: no window could be judged since." if known and not judged else None


def nobody_looks(seen: Seen) -> str | None:
    hours = seen.hours_since_look
    late = hours is not None and hours > MISSED_LOOKS * seen.look_every_hours
    return f"Nobody has looked for {age(hours or 0.0)}." if late else None


def not_looked_at(seen: Seen) -> str | None:
    if seen.decision is None:
        return "Not looked at yet."
    if not all(isinstance(seen.part(name), Mapping) for name in ("evidence", "bounds", "ruling")):
        return "The newest decision cannot be read: python -m agent verify"
    generation = seen.part("evidence", "champion", "generation")
    return f"{version_tag(seen.version or 0)} is new: not looked at yet." if generation != seen.generation else None


def cannot_be_judged(seen: Seen) -> str | None:
    unknown = {DataStatus.NO_DATA: "No messages to judge.", DataStatus.TOO_FEW: "Too few messages to judge."}
    return unknown.get(DataStatus(seen.status)) if seen.status in set(DataStatus) else "The window cannot be read."


# The first rule that has something to say gives the light.
RULES: tuple[tuple[Light, Rule], ...] = (
    (Light.GREY, nothing_serves),
    (Light.AMBER, lambda seen: waits_for_approval(seen) if not_looked_at(seen) else None),
    (Light.GREY, not_looked_at),
    (Light.RED, accuracy_is_below),
    (Light.RED, person_is_needed),
    (Light.RED, is_taken_back),
    (Light.AMBER, waits_for_approval),
    (Light.AMBER, drifts),
    (Light.AMBER, messages_have_stopped),
    (Light.AMBER, alerts),
    (Light.AMBER, drift_is_not_acted_on),
    (Light.AMBER, trouble_is_unresolved),
    (Light.AMBER, nobody_looks),
    (Light.GREY, cannot_be_judged),
)


def standing(seen: Seen) -> Standing:
    """The light of a model and the sentence of the rule that gave it."""
    for light, rule in RULES:
        why = rule(seen)
        if why:
            return Standing(light=light, why=why)
    filling = "The window is filling; nothing is wrong so far." if seen.status == DataStatus.FILLING else None
    return Standing(light=Light.GREEN, why=filling or f"Calm: {_scores(seen) or 'no drift'}.")


def age(hours: float) -> str:
    return f"{hours:.0f} hours" if hours < 2 * HOURS_PER_DAY else f"{hours / HOURS_PER_DAY:.0f} days"


def _scores(seen: Seen) -> str:
    drift = seen.part("evidence", "drift") or {}
    found = [f"{words} {score(drift[name])}" for name, words in SCORE_WORDS.items() if drift.get(name) is not None]
    return ", ".join(found)
