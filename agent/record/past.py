"""What the ledger's recent entries say about attempts, refusals, deferrals and an unresolved breach.

Pure: no clock, no files, no model calls. Entries come newest first; all that is taken from them are times and counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.actions import Action
from agent.decision import DataStatus, Trigger
from agent.record.ledger import Entry, EntryKind
from pipeline.gate.rules import VerdictStatus

DAY = timedelta(hours=24)
# What stands further ahead was written before the clock was put back: it holds nothing up.
AHEAD = timedelta(hours=1)
BREACHES = {Trigger.DRIFT.value, Trigger.ACCURACY.value}
JUDGED = {DataStatus.LOW_POWER.value, DataStatus.SUFFICIENT.value}


@dataclass(frozen=True, kw_only=True)
class Past:
    hours_since_attempt: float | None
    attempts_last_day: int
    fruitless_in_a_row: int
    hours_since_refusal: float | None
    unresolved_breach_hours: float | None
    incident_id: str | None
    deferrals_in_a_row: int
    refused_versions: frozenset[int]
    trained_at: datetime | None


def summarise(
    decisions: Sequence[Entry], events: Sequence[Entry], now: datetime, generation: int, helped_at: datetime | None
) -> Past:
    """`helped_at` is when a retraining last helped: the last promotion, or a training that a person ran since."""
    attempts = [entry for entry in events if _starts_retraining(entry)]
    timely = [entry for entry in attempts if entry.at <= now + AHEAD]
    refusals = [entry for entry in events if entry.kind == EntryKind.APPROVAL_REJECTED]
    retrainings = [entry for entry in refusals if entry.body.get("action") == Action.RETRAIN]
    refused = [entry for entry in retrainings if entry.at <= now + AHEAD]
    return Past(
        hours_since_attempt=hours_between(timely[0].at, now) if timely else None,
        attempts_last_day=sum(1 for entry in timely if now - entry.at < DAY),
        fruitless_in_a_row=_fruitless(_not_routine(attempts, decisions), events, helped_at),
        hours_since_refusal=hours_between(refused[0].at, now) if refused else None,
        unresolved_breach_hours=_breach_hours(decisions, now, generation),
        incident_id=_incident(decisions, generation),
        deferrals_in_a_row=_deferrals(decisions),
        refused_versions=frozenset(_versions(refusals)),
        trained_at=next((entry.at for entry in events if entry.kind == EntryKind.TRAINED), None),
    )


def hours_between(earlier: datetime, later: datetime) -> float:
    """Never negative: two machines' clocks may differ by a little."""
    return max((later - earlier).total_seconds() / 3600, 0.0)


def _starts_retraining(entry: Entry) -> bool:
    body = entry.body
    first = body.get("attempt") == 1
    return entry.kind == EntryKind.EFFECT_STARTED and body.get("action") == Action.RETRAIN and first


def _not_routine(attempts: Sequence[Entry], decisions: Sequence[Entry]) -> list[Entry]:
    """All but those of the schedule alone: in calm, a retraining is expected to change nothing."""
    tried = {attempt.decision_id for attempt in attempts}
    made_for = [entry for entry in decisions if entry.decision_id in tried]
    routine = {entry.decision_id for entry in made_for if entry.body["bounds"]["triggers"] == [Trigger.SCHEDULE]}
    return [attempt for attempt in attempts if attempt.decision_id not in routine]


def _fruitless(attempts: Sequence[Entry], events: Sequence[Entry], helped_at: datetime | None) -> int:
    """Retrainings in a row, from the newest, that ended without a version the gate let through."""
    ends = {entry.decision_id: _passed(entry) for entry in reversed(events) if _ends_retraining(entry)}
    count = 0
    for attempt in attempts:
        passed = ends.get(attempt.decision_id)
        if passed or (helped_at is not None and attempt.at <= helped_at):
            break
        count += passed is False
    return count


def _ends_retraining(entry: Entry) -> bool:
    failed = entry.kind == EntryKind.EFFECT_FAILED and entry.body.get("action") == Action.RETRAIN
    return failed or entry.kind == EntryKind.TRAINED


def _passed(entry: Entry) -> bool:
    return entry.kind == EntryKind.TRAINED and entry.body.get("verdict") == VerdictStatus.PASSED


def _breach_hours(decisions: Sequence[Entry], now: datetime, generation: int) -> float | None:
    """Since when the breach lasts: back through decisions of this generation until one that saw none."""
    since = None
    for entry in decisions:
        evidence, bounds = entry.body.get("evidence", {}), entry.body.get("bounds", {})
        if evidence.get("champion", {}).get("generation") != generation:
            break
        if BREACHES & set(bounds.get("triggers", ())):
            since = entry.at
        elif evidence.get("drift", {}).get("status") in JUDGED:
            break  # the window was looked at and nothing was wrong; one that says nothing ends no breach
    return hours_between(since, now) if since else None


def _incident(decisions: Sequence[Entry], generation: int) -> str | None:
    """The decision that saw the present trouble first, as the newest troubled one names it; None without trouble.

    Trouble is a breach or anything else that requires an alert, such as messages that have stopped. It ends with a
    promotion, and with a window that could be judged and required none.
    """
    for entry in decisions:
        evidence, bounds = entry.body.get("evidence", {}), entry.body.get("bounds", {})
        if evidence.get("champion", {}).get("generation") != generation:
            return None
        if BREACHES & set(bounds.get("triggers", ())) or Action.ALERT in bounds.get("required", ()):
            return evidence.get("history", {}).get("incident_id") or entry.decision_id
        if evidence.get("drift", {}).get("status") in JUDGED:
            return None
    return None


def _deferrals(decisions: Sequence[Entry]) -> int:
    count = 0
    for entry in decisions:
        if not entry.body.get("ruling", {}).get("deferred"):
            break
        count += 1
    return count


def _versions(refusals: Sequence[Entry]) -> list[int]:
    promotions = [entry.body for entry in refusals if entry.body.get("action") == Action.PROMOTE]
    versions = [body.get("arguments", {}).get("version") for body in promotions]
    return [version for version in versions if isinstance(version, int)]
