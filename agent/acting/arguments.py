"""What exactly an effect is done with, and what is said of it, out of the decision. Pure: no clock, no files."""

from collections.abc import Mapping
from typing import Any

from agent.actions import CONSEQUENTIAL, Action
from agent.decision import Decision
from agent.rules.choices import choice_of
from pipeline.data.training_set import Origin
from pipeline.records import JudgedVersion
from pipeline.training.choice import WHOLE


def labels_learned(provenance: Mapping[str, int] | None) -> int | None:
    """How many labels from production a training learned from; None where it did not say."""
    if provenance is None:
        return None
    return sum(rows for origin, rows in provenance.items() if origin != Origin.BASE)


def judged(decision: Decision, version: int, verdict_id: str) -> JudgedVersion:
    """A version with the verdict over it, for the champion that the decision saw."""
    return JudgedVersion(
        model=decision.model,
        version=version,
        verdict_id=verdict_id,
        expected_generation=decision.evidence.champion.generation,
    )


def arguments_of(decision: Decision, action: Action) -> dict[str, Any]:
    """What exactly an action would be done with, by name, never "the newest"."""
    champion, challenger = decision.evidence.champion, decision.evidence.challenger
    if action is Action.PROMOTE and challenger is not None:
        return {"version": challenger.version, "verdict_id": challenger.verdict_id, "generation": champion.generation}
    if action is Action.ROLL_BACK:
        return {"to_version": champion.previous_version, "generation": champion.generation}
    choice = choice_of(decision.deliberation.proposal) if action is Action.RETRAIN else WHOLE
    chosen = {} if choice == WHOLE else {"candidates": list(choice.candidates), "window": choice.window.value}
    return {"generation": champion.generation} | chosen


def decision_words(decision: Decision) -> str:
    """Why the champion moves, for the promotion ledger."""
    rules = [fired.rule for fired in decision.bounds.fired if fired.requires & CONSEQUENTIAL]
    return f"decision {decision.decision_id}: {', '.join(rules) or 'proposed by the agent within the policy'}"
