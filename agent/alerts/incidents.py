"""When an incident begins and when it ends. Pure: no clock, no files, no model calls.

`trouble` is the ledger's own incident: a breach, or messages that have stopped, until a promotion, a rollback, or a
window that could be judged and showed no trouble. `fallback` and `demotion` are about the deciding model: its answers
were not to be had, or do not count any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from agent.actions import Action
from agent.decision import Decision
from agent.deliberation.proposal import ReasonCode
from pipeline.records import version_tag

# A deciding model that comes and goes is told about once an hour.
TOLD_AGAIN = timedelta(hours=1)


class IncidentKind(StrEnum):
    TROUBLE = "trouble"
    FALLBACK = "fallback"
    DEMOTION = "demotion"


@dataclass(frozen=True, kw_only=True)
class Incident:
    incident_id: str
    model: str
    kind: IncidentKind
    opened_at: datetime
    resolved_at: datetime | None = None
    resolution: str | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one entry does to the incidents of its model."""

    opened: tuple[Incident, ...] = ()
    resolved: tuple[Incident, ...] = ()


def after_decision(decision: Decision, known: Sequence[Incident]) -> Change:
    """`known` are the incidents of this model: all that are open, and those of the last hour."""
    trouble, thought = _trouble(decision, _open(known, IncidentKind.TROUBLE)), _thought(decision, known)
    return Change(opened=trouble.opened + thought.opened, resolved=trouble.resolved + thought.resolved)


def after_move(to_version: int, at: datetime, rolled_back: bool, known: Sequence[Incident]) -> Change:
    """The champion was changed: what the one before it was in trouble for is over."""
    before = [one for one in _open(known, IncidentKind.TROUBLE) if one.opened_at <= at]
    how = "was gone back to" if rolled_back else "was promoted"
    said = f"{version_tag(to_version)} {how} and serves now."
    return Change(resolved=_ended(before, at, said))


def incident_of(decision: Decision) -> str:
    return decision.evidence.history.incident_id or decision.decision_id


def in_trouble(decision: Decision) -> bool:
    return decision.bounds.breach or Action.ALERT in decision.bounds.required


def _trouble(decision: Decision, open_ones: Sequence[Incident]) -> Change:
    drift, mine = decision.evidence.drift, incident_of(decision)
    if in_trouble(decision):
        others = [one for one in open_ones if one.incident_id != mine]
        known = any(one.incident_id == mine for one in open_ones)
        return Change(
            opened=() if known else (_opened(decision, mine, IncidentKind.TROUBLE),),
            resolved=_ended(others, decision.at, "The champion has changed since; what is wrong now is counted anew."),
        )
    if not drift.status.usable:
        return Change()  # a window that says nothing ends nothing
    said = f"A window of {drift.messages} messages was judged and nothing was wrong."
    return Change(resolved=_ended(open_ones, decision.at, said))


def _thought(decision: Decision, known: Sequence[Incident]) -> Change:
    thought = decision.deliberation
    if not thought.asked:
        return Change()
    mine = (*_open(known, IncidentKind.FALLBACK), *_open(known, IncidentKind.DEMOTION))
    if thought.proposal is not None:
        return Change(resolved=_ended(mine, decision.at, "The deciding model's answers count again."))
    demoted = thought.reason_code is ReasonCode.ADVICE_ONLY
    kind = IncidentKind.DEMOTION if demoted else IncidentKind.FALLBACK
    fresh = [one for one in known if one.kind is kind and _lately(one, decision.at)]
    return Change() if fresh else Change(opened=(_opened(decision, f"{decision.decision_id}:{kind.value}", kind),))


def _lately(one: Incident, now: datetime) -> bool:
    return one.resolved_at is None or now - one.opened_at < TOLD_AGAIN


def _open(known: Sequence[Incident], kind: IncidentKind) -> list[Incident]:
    return [one for one in known if one.kind is kind and one.resolved_at is None]


def _opened(decision: Decision, incident_id: str, kind: IncidentKind) -> Incident:
    return Incident(incident_id=incident_id, model=decision.model, kind=kind, opened_at=decision.at)


def _ended(open_ones: Sequence[Incident], at: datetime, said: str) -> tuple[Incident, ...]:
    return tuple(
        Incident(**(vars(one) | {"resolved_at": max(at, one.opened_at), "resolution": said})) for one in open_ones
    )
