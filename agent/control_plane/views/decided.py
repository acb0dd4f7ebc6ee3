"""Recorded decisions under other numbers, and how the deciding model did against the rules."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from agent.control_plane.views.sources import Sources
from agent.errors import ApiError
from agent.foresight.what_if import DECIDING, RANGES, Flip, WhatIf, what_if
from agent.record import ledger
from agent.record.canonical import to_plain
from agent.record.codec import decision_of
from agent.record.scorecard import Regret
from agent.rules.policy_numbers import NUMBERS, RuleNumberError, number_of

# A slider without an upper limit of its own reaches so many times as far as the present value and the next change.
REACH = 2.0


def decision_under(sources: Sources, decision_id: str, changes: Mapping[str, float]) -> dict[str, Any]:
    """A decision as it was and as it would have been, with each number that decisions turn on and the range to try.

    Raises ApiError for a number that the policy does not have, or a value that it cannot have.
    """
    decision = decision_of(ledger.entries_of(sources.store.control, decision_id)[0])
    try:
        found = what_if(decision, changes)
    except RuleNumberError as error:
        raise ApiError(422, "invalid_input", str(error)) from None
    numbers = [_number(flip, number_of(decision.rules, flip.number)) for flip in found.flips]
    plain: dict[str, Any] = to_plain({**_compared(found), "numbers": numbers})
    return plain


def numbers_in(query: Mapping[str, str]) -> dict[str, float]:
    """The numbers of a query string. Raises ApiError that names the first one that is none."""
    changes = {}
    for name, text in query.items():
        if name not in NUMBERS:
            raise ApiError(422, "invalid_input", f"The policy has no such number. It has: {', '.join(NUMBERS)}.")
        try:
            changes[name] = float(text)
        except ValueError:
            raise ApiError(422, "invalid_input", f"{name} must be a number.") from None
        if not isfinite(changes[name]):
            raise ApiError(422, "invalid_input", f"{name} must be a number.")
    return changes


def scorecard_of(sources: Sources, name: str) -> dict[str, Any]:
    """Choices of the deciding model beyond the rules, and which were regretted."""
    sources.spec_of(name)
    card = sources.score(name)
    plain: dict[str, Any] = to_plain(
        {
            "model": name,
            "asked": card.asked,
            "accepted": card.accepted,
            "demoted": card.demoted,
            "counts": {regret: card.count(regret) for regret in Regret},
            "choices": card.choices,
        }
    )
    return plain


def _compared(found: WhatIf) -> dict[str, Any]:
    return {
        "decision_id": found.decision_id,
        "changed": found.changed,
        "same": found.same,
        "headline_before": found.headline_before,
        "headline_now": found.headline_now,
        "effective_before": found.effective_before,
        "effective_now": found.effective_now,
        "rules": [change for change in found.rules if change.fired_before or change.fires_now],
        "sentences_now": [fired.sentence for fired in found.bounds_now.fired],
        "notes": found.notes,
    }


def _number(flip: Flip, recorded: float) -> dict[str, Any]:
    """One number with a range to try: its own limits, or far enough to reach the next change."""
    low, high = RANGES.get(flip.number, (0.0, 1e9))
    far = max(finite for finite in (recorded, flip.present, flip.beyond or 0.0, 1.0) if isfinite(finite))
    return {
        "name": flip.number,
        "recorded": recorded if isfinite(recorded) else None,
        "low": max(low, 0.0),
        "high": 1.0 if flip.number == "accuracy_floor" else high if high <= 10 else REACH * far,
        "whole": flip.number in WHOLE,
        "beyond": flip.beyond,
        "margin": flip.margin,
        "becomes": flip.becomes,
    }


WHOLE = frozenset(DECIDING) & frozenset(
    {"min_rows", "confirm_windows", "max_per_day", "min_new_labels", "max_fruitless", "max_deferrals"}
)
