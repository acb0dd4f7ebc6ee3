"""A recorded decision under other rules, and how far each number is from changing it.

Pure: no clock, no files, no model calls. The evidence and the deciding model's proposal stay as they were recorded.
Where other rules would have measured something else (a larger window, say), the evidence cannot tell, and that is said.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import nextafter

from agent.actions import Actions, Headline, headline_of
from agent.decision import Bounds, Decision, PolicyRules
from agent.deliberation.proposal import Proposal
from agent.evidence import DataStatus, DriftEvidence, Evidence
from agent.rules.guardrails import rule
from agent.rules.policy import RULES, RULES_OF, bounds
from agent.rules.policy_numbers import NUMBERS, number_of, section_of, with_numbers
from agent.rules.signals import Case
from pipeline.durations import HOURS_PER_DAY
from pipeline.monitoring.accuracy import p_below

# Recorded probabilities that come out again from the counts of labels may be recomputed at another floor.
SAME_PROBABILITY = 1e-6
FLOOR_PRECISION = 1e-9


@dataclass(frozen=True, kw_only=True)
class RuleChange:
    """One rule under both sets of numbers; `margin` is its distance to its line, None where it rests on no number."""

    rule: str
    fired_before: bool
    fires_now: bool
    margin_before: float | None
    margin_now: float | None


@dataclass(frozen=True, kw_only=True)
class Flip:
    """The nearest value of one number of the policy that changes what is done, everything else staying as it is.

    `beyond` is the value at which it just changes, `margin` the distance to it; both are None when no value would.
    """

    number: str
    present: float
    beyond: float | None
    margin: float | None
    becomes: Headline | None


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """A decision as it was recorded and as it would have been. `notes` say what the evidence cannot tell."""

    decision_id: str
    changed: Mapping[str, tuple[float, float]]
    effective_before: Actions
    effective_now: Actions
    bounds_now: Bounds
    rules: tuple[RuleChange, ...]
    flips: tuple[Flip, ...]
    notes: tuple[str, ...]

    @property
    def same(self) -> bool:
        return self.effective_before == self.effective_now

    @property
    def headline_before(self) -> Headline:
        return headline_of(self.effective_before)

    @property
    def headline_now(self) -> Headline:
        return headline_of(self.effective_now)


def what_if(decision: Decision, changes: Mapping[str, float]) -> WhatIf:
    """Decide again on the recorded evidence with some numbers changed.

    Raises RuleNumberError for a number that the policy does not have, or a value that it cannot have.
    """
    rules = with_numbers(decision.rules, changes)
    evidence, notes = evidence_under(decision.evidence, decision.rules, rules)
    now = bounds(evidence, rules)
    return WhatIf(
        decision_id=decision.decision_id,
        changed={name: (number_of(decision.rules, name), number_of(rules, name)) for name in changes},
        effective_before=decision.ruling.effective,
        effective_now=_effective(decision, now),
        bounds_now=now,
        rules=_compared(decision.bounds, now),
        flips=tuple(flip(decision, rules, name) for name in NUMBERS if name in DECIDING),
        notes=notes,
    )


def evidence_under(evidence: Evidence, old: PolicyRules, new: PolicyRules) -> tuple[Evidence, tuple[str, ...]]:
    """The evidence as it would have been measured under the new rules, as far as it can be told, and what cannot."""
    seen, notes = evidence, list[str]()
    for adapt in (_at_the_new_floor, _with_the_new_least_rows, _with_the_new_patience, _breaches_are_as_counted):
        seen, note = adapt(seen, old, new)
        notes += [note] if note else []
    if old.monitoring.window_rows != new.monitoring.window_rows:
        notes.append("A window of another size would have held other messages: its scores are not known.")
    return seen, tuple(notes)


def _at_the_new_floor(evidence: Evidence, old: PolicyRules, new: PolicyRules) -> tuple[Evidence, str | None]:
    floor, accuracy = new.monitoring.accuracy_floor, evidence.accuracy
    if floor == old.monitoring.accuracy_floor or accuracy.p_below_floor is None or accuracy.estimate is None:
        return evidence, None
    correct = round(accuracy.estimate * accuracy.labelled)
    again = p_below(correct, accuracy.labelled, old.monitoring.accuracy_floor)
    if abs(again - accuracy.p_below_floor) > SAME_PROBABILITY:
        return evidence, "P(accuracy < floor) does not follow from the counts alone, so it stays as recorded."
    changed = replace(accuracy, p_below_floor=p_below(correct, accuracy.labelled, floor))
    return replace(evidence, accuracy=changed), None


def _with_the_new_least_rows(evidence: Evidence, old: PolicyRules, new: PolicyRules) -> tuple[Evidence, str | None]:
    drift, least = evidence.drift, new.monitoring.min_rows
    if least == old.monitoring.min_rows:
        return evidence, None
    if drift.status.usable and drift.unique_messages < least:
        silent = _silent(drift, DataStatus.TOO_FEW)
        return replace(evidence, drift=silent), None
    if drift.status is DataStatus.TOO_FEW and drift.unique_messages >= least:
        return evidence, "The window was too small to be measured then, so its scores are not known now either."
    return evidence, None


def _silent(drift: DriftEvidence, status: DataStatus) -> DriftEvidence:
    return replace(drift, status=status, vocabulary_drift=None, tfidf_drift=None, numeric_drift=None)


def _with_the_new_patience(evidence: Evidence, old: PolicyRules, new: PolicyRules) -> tuple[Evidence, str | None]:
    drift, limit = evidence.drift, new.monitoring.stale_after_hours
    age = drift.hours_since_last_message
    if limit == old.monitoring.stale_after_hours or age is None:
        return evidence, None
    if age > limit and drift.status is not DataStatus.STALE:
        silent = _silent(drift, DataStatus.STALE)
        judged = replace(evidence.accuracy, status=DataStatus.STALE, p_below_floor=None)
        return replace(evidence, drift=silent, accuracy=judged), None
    if drift.status is DataStatus.STALE and age <= limit:
        return evidence, "The stale window was not measured then, so its scores are not known now either."
    return evidence, None


def _breaches_are_as_counted(evidence: Evidence, old: PolicyRules, new: PolicyRules) -> tuple[Evidence, str | None]:
    moved = old.monitoring.drift_threshold != new.monitoring.drift_threshold
    if moved and new.monitoring.confirm_windows == 2 and evidence.drift.earlier_windows is None:
        return evidence, "Earlier windows count as breaches by the old threshold: only their number was recorded."
    return evidence, None


def _effective(decision: Decision, limits: Bounds) -> Actions:
    proposal: Proposal | None = decision.deliberation.proposal
    return rule(limits, proposal, decision.ruling.autonomy).effective


def _compared(before: Bounds, now: Bounds) -> tuple[RuleChange, ...]:
    old = {fired.rule: fired for fired in before.fired}
    new = {fired.rule: fired for fired in now.fired}
    known = dict.fromkeys(each.__name__ for rules in (RULES, *RULES_OF.values()) for each in rules)
    names = [name for name in known if name in old or name in new]
    return tuple(
        RuleChange(
            rule=name,
            fired_before=name in old,
            fires_now=name in new,
            margin_before=old[name].margin if name in old else None,
            margin_now=new[name].margin if name in new else None,
        )
        for name in names
    )


def flip(decision: Decision, rules: PolicyRules, name: str) -> Flip:
    """The nearest value of one number at which other actions follow.

    What the rules compare a number with stands in the evidence, so decisions can only change at those values: they are
    tried on both sides, which finds the line exactly.
    """
    present = number_of(rules, name)

    def done_at(value: float) -> Actions:
        other = with_numbers(rules, {name: value})
        seen, _ = evidence_under(decision.evidence, decision.rules, other)
        return _effective(decision, bounds(seen, other))

    now = done_at(present)
    tried = sorted(set(_candidates(decision.evidence, rules, name)), key=lambda value: abs(value - present))
    for value in tried:
        then = done_at(value)
        if then != now:
            margin = abs(value - present)
            return Flip(number=name, present=present, beyond=value, margin=margin, becomes=headline_of(then))
    return Flip(number=name, present=present, beyond=None, margin=None, becomes=None)


def _candidates(evidence: Evidence, rules: PolicyRules, name: str) -> Iterable[float]:
    """Each value that the number is compared with, itself and a hair to both sides, within the number's range."""
    if name == "accuracy_floor":
        yield from _floors(evidence, rules)
        return
    if name == "drift_threshold":
        yield from _confirming_lines(evidence, rules)
    low, high = RANGES.get(name, (0.0, 1e9))
    whole = isinstance(getattr(getattr(rules, section_of(name), rules), name), int)
    compared = COMPARED_WITH.get(name)
    for value in compared(evidence) if compared else ():
        if value is None:
            continue
        near = (value - 1, value, value + 1) if whole else (nextafter(value, -1e9), value, nextafter(value, 1e9))
        yield from (float(one) for one in near if low < one < high)


def _confidences(evidence: Evidence) -> Iterable[float | None]:
    p, before = evidence.accuracy.p_below_floor, evidence.champion.previous_p_below_floor
    return (p, None if p is None else 1 - p, before)


def _floors(evidence: Evidence, rules: PolicyRules) -> Iterable[float]:
    """The floors at which P(accuracy < floor) meets the confidence or its complement: it grows with the floor."""
    accuracy, confidence = evidence.accuracy, rules.monitoring.accuracy_confidence
    if accuracy.p_below_floor is None or accuracy.estimate is None:
        return
    correct = round(accuracy.estimate * accuracy.labelled)
    for wanted in (confidence, 1 - confidence):
        low, high = 0.0, 1.0
        while high - low > FLOOR_PRECISION:
            middle = (low + high) / 2
            low, high = (middle, high) if p_below(correct, accuracy.labelled, middle) < wanted else (low, middle)
        yield from (low, high)


def _confirming_lines(evidence: Evidence, rules: PolicyRules) -> Iterable[float]:
    """The thresholds at which several windows, or what was answered, just count and just do not."""

    def lasts(case: Case) -> bool:
        return case.drift_lasts

    def counts(case: Case) -> bool:
        return case.drift_confirmed

    for holds in (lasts, counts):
        low, high = 0.0, 1.0
        while high - low > FLOOR_PRECISION:
            middle = (low + high) / 2
            met = holds(Case(evidence, with_numbers(rules, {"drift_threshold": middle})))
            low, high = (middle, high) if met else (low, middle)
        yield from (low, high)


def _attempts(evidence: Evidence) -> Iterable[float | None]:
    return (evidence.training.hours_since_attempt, evidence.training.hours_since_refusal)


def _days(evidence: Evidence) -> Iterable[float | None]:
    hours = evidence.training.hours_since_training
    return () if hours is None else (hours / HOURS_PER_DAY,)


def _verdict_age(evidence: Evidence) -> Iterable[float | None]:
    return (evidence.challenger.verdict_age_hours,) if evidence.challenger else ()


# Numbers that are missing here bound how something is measured or done; no decision turns on them alone.
COMPARED_WITH: Mapping[str, Callable[[Evidence], Iterable[float | None]]] = {
    "drift_threshold": lambda seen: (seen.drift.vocabulary_drift, seen.drift.tfidf_drift, seen.drift.numeric_drift),
    "accuracy_confidence": _confidences,
    "min_rows": lambda seen: (seen.drift.unique_messages,),
    "confirm_windows": lambda seen: (1, 2, 3),
    "stale_after_hours": lambda seen: (seen.drift.hours_since_last_message,),
    "schedule_days": _days,
    "cooldown_hours": _attempts,
    "max_per_day": lambda seen: (seen.training.attempts_last_day,),
    "min_new_labels": lambda seen: (seen.training.new_labels,),
    "max_wait_hours": lambda seen: (seen.history.unresolved_breach_hours,),
    "max_fruitless": lambda seen: (seen.training.fruitless_in_a_row,),
    "max_deferrals": lambda seen: (seen.history.deferrals_in_a_row,),
    "verdict_valid_hours": _verdict_age,
}
DECIDING = frozenset({"accuracy_floor", *COMPARED_WITH})
RANGES: Mapping[str, tuple[float, float]] = {
    "drift_threshold": (0.0, 1.0),
    "accuracy_confidence": (0.5, 1.0),
    "confirm_windows": (0.0, 4.0),
    "max_per_day": (-1.0, 1e9),
    "max_deferrals": (-1.0, 1e9),
}
