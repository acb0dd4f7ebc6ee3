"""What the ledger's recent entries say about attempts, refusals, deferrals and an unresolved breach.

Pure: no clock, no files, no model calls. Entries come newest first; all that is taken from them are times and counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.actions import Action
from agent.decision import BREACHES, Trigger
from agent.evidence import DataStatus
from agent.record.ledger import Entry, EntryKind
from pipeline.durations import DAY, hours_between
from pipeline.gate.rules import VerdictStatus

# What stands further ahead was written before the clock was put back: it holds nothing up.
AHEAD = timedelta(hours=1)
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
    decisions: Sequence[Entry],
    events: Sequence[Entry],
    now: datetime,
    generation: int,
    helped_at: datetime | None,
    made_for: Sequence[Entry],
) -> Past:
    """`helped_at` is when a retraining last helped: the last promotion, or a training that a person ran since.

    `made_for` are the decisions that retrainings since then were made for. `decisions` may be cut off anywhere: what
    lasts longer than they reach is taken from the oldest of them, which knew what lasted then.
    """
    attempts = [entry for entry in events if _starts_retraining(entry)]
    timely = [entry for entry in attempts if entry.at <= now + AHEAD]
    refusals = [entry for entry in events if entry.kind == EntryKind.APPROVAL_REJECTED]
    retrainings = [entry for entry in refusals if entry.body.get("action") == Action.RETRAIN]
    refused = [entry for entry in retrainings if entry.at <= now + AHEAD]
    return Past(
        hours_since_attempt=hours_between(timely[0].at, now) if timely else None,
        attempts_last_day=sum(1 for entry in timely if now - entry.at < DAY),
        fruitless_in_a_row=_fruitless(_not_routine(attempts, made_for), events, helped_at),
        hours_since_refusal=hours_between(refused[0].at, now) if refused else None,
        unresolved_breach_hours=_breach_hours(decisions, now, generation),
        incident_id=_incident(decisions, generation),
        deferrals_in_a_row=_deferrals(decisions, generation),
        refused_versions=frozenset(_versions(refusals)),
        trained_at=next((entry.at for entry in events if entry.kind == EntryKind.TRAINED), None),
    )


def _starts_retraining(entry: Entry) -> bool:
    body = entry.body
    first = body.get("attempt") == 1
    return entry.kind == EntryKind.EFFECT_STARTED and body.get("action") == Action.RETRAIN and first


def _not_routine(attempts: Sequence[Entry], made_for: Sequence[Entry]) -> list[Entry]:
    """All but those of the schedule alone: in calm, a retraining is expected to change nothing."""
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
        if _generation(entry) != generation:
            break
        if breached(entry):
            since = entry.at
        elif judged(entry):
            break  # the window was looked at and nothing was wrong; one that says nothing ends no breach
    else:
        hours = _known_then(decisions).get("unresolved_breach_hours")
        since = decisions[-1].at - timedelta(hours=hours) if hours is not None else since
    return hours_between(since, now) if since else None


def _incident(decisions: Sequence[Entry], generation: int) -> str | None:
    """The decision that saw the present trouble first, as the newest troubled one names it; None without trouble.

    Trouble is a breach or anything else that requires an alert, such as messages that have stopped. It ends with a
    promotion, and with a window that could be judged and required none.
    """
    for entry in decisions:
        if _generation(entry) != generation:
            return None
        if breached(entry) or Action.ALERT in _part(entry, "bounds").get("required", ()):
            return _part(entry, "evidence").get("history", {}).get("incident_id") or entry.decision_id
        if judged(entry):
            return None
    return _known_then(decisions).get("incident_id")


def _deferrals(decisions: Sequence[Entry], generation: int) -> int:
    """How often in a row a retraining was put off, counted back to one that was made or called for no more.

    A look that could judge nothing, such as one between two full windows, neither counts nor ends the row.
    """
    count = 0
    for entry in decisions:
        ruling = _part(entry, "ruling")
        if _generation(entry) != generation:
            return count
        if ruling.get("deferred"):
            count += 1
        elif judged(entry) or Action.RETRAIN in ruling.get("effective", ()):
            return count
    return count + (_known_then(decisions).get("deferrals_in_a_row") or 0)


def ends_all(entry: Entry, generation: int) -> bool:
    """Whether no decision before this one bears on what `summarise` says: it is of another generation, or its window
    was judged and showed no breach, and nothing was put off.
    """
    if _generation(entry) != generation:
        return True
    return judged(entry) and not breached(entry) and not _part(entry, "ruling").get("deferred")


def judged(entry: Entry) -> bool:
    """Whether the window of a decision could be judged."""
    return _part(entry, "evidence").get("drift", {}).get("status") in JUDGED


def breached(entry: Entry) -> bool:
    return bool(BREACHES & set(_part(entry, "bounds").get("triggers", ())))


def _generation(entry: Entry) -> int | None:
    generation: int | None = _part(entry, "evidence").get("champion", {}).get("generation")
    return generation


def _known_then(decisions: Sequence[Entry]) -> Mapping[str, Any]:
    """What the oldest of the decisions knew of the time before it."""
    known: Mapping[str, Any] = _part(decisions[-1], "evidence").get("history", {}) if decisions else {}
    return known


def _part(entry: Entry, name: str) -> Mapping[str, Any]:
    part: Mapping[str, Any] = entry.body.get(name, {})
    return part


def _versions(refusals: Sequence[Entry]) -> list[int]:
    promotions = [entry.body for entry in refusals if entry.body.get("action") == Action.PROMOTE]
    versions = [body.get("arguments", {}).get("version") for body in promotions]
    return [version for version in versions if isinstance(version, int)]
