"""What an entry of the ledger tells people. Pure: no clock, no files, no model calls.

One notice for each decision that alerts, however many telling actions it has; what the ledger marks as repeated is
left out. Each later step of the same incident is a notice of the same thread.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.actions import TELLING, Action
from agent.alerts.incidents import Incident, IncidentKind, incident_of
from agent.alerts.moves import move_key
from agent.alerts.notice import Ask, Fact, Notice, NoticeKind, Severity
from agent.alerts.reasons import headline, labels_could_decide, severity_of, why
from agent.alerts.sentences import closing_words, done, hours_words, version_name
from agent.decision import Decision
from agent.record.ledger import Entry, EntryKind
from pipeline.gate.rules import VerdictStatus
from pipeline.releases.rollout_events import EventKind

Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Told:
    """An entry with its decision, the model's title, and what its readings are expected to be without drift."""

    entry: Entry
    decision: Decision
    title: str
    expected: tuple[str, ...] = ()


def notices(told: Told) -> list[Notice]:
    """What the entry itself says; incidents that open or end with it are told by `of_incidents`."""
    say = _KINDS.get(told.entry.kind)
    made = say(told, told.entry.body) if say else None
    return [made] if made else []


def of_incidents(told: Told, opened: Sequence[Incident], resolved: Sequence[Incident]) -> list[Notice]:
    """Beginnings about the deciding model (trouble has its alert already), and all ends."""
    began = [_opened(told, one) for one in opened if one.kind is not IncidentKind.TROUBLE]
    return began + [resolved_notice(one, told.title, told.decision.decision_id) for one in resolved]


def resolved_notice(one: Incident, title: str, decision_id: str | None = None) -> Notice:
    assert one.resolved_at is not None
    after = hours_words(one.opened_at, one.resolved_at)
    back = one.kind is not IncidentKind.TROUBLE
    return Notice(
        key=f"{one.incident_id}:resolved",
        kind=NoticeKind.AGENT_BACK if back else NoticeKind.RESOLVED,
        severity=Severity.INFO,
        model=one.model,
        title=title,
        thread=one.incident_id,
        headline=f"{one.model}: " + ("the deciding model counts again" if back else "resolved") + f" after {after}",
        at=one.resolved_at,
        decision_id=decision_id,
        done=(str(one.resolution),),
        closes=f"{one.incident_id}:told",
        closing=f"Resolved at {one.resolved_at:%Y-%m-%d %H:%M} UTC, after {after}.",
        broadcast=True,
    )


def _alert(told: Told, body: Body) -> Notice | None:
    """One for the decision, by the first of its telling actions that is news."""
    decision, result = told.decision, body.get("result") or {}
    if body.get("action") not in TELLING or result.get("repeated_of"):
        return None
    return _notice(
        told,
        NoticeKind.TROUBLE,
        severity_of(decision),
        headline(decision),
        key=f"{decision.decision_id}:told",
        done=done(decision),
        wants_labels=labels_could_decide(decision),
        **why(told.decision, told.expected),
    )


def _started(told: Told, body: Body) -> Notice | None:
    if body.get("action") != Action.RETRAIN or body.get("attempt") != 1:
        return None
    words = ("A new version is trained, judged by the gate against the champion, and promoted only if it passes.",)
    return _notice(told, NoticeKind.RETRAINING_STARTED, Severity.INFO, "retraining started", done=words)


def _trained(told: Told, body: Body) -> Notice:
    version, verdict = body.get("version"), str(body.get("verdict"))
    passed = verdict == VerdictStatus.PASSED
    kind = NoticeKind.GATE_PASSED if passed else NoticeKind.GATE_FAILED
    name = version_name(version) if version else "no new version"
    words = f"gate passed: {name} is good enough" if passed else f"gate: {verdict}, {name} is not promoted"
    severity = Severity.INFO if passed else Severity.WARNING
    metrics = body.get("metrics") or {}
    facts = tuple(_metric(name, metrics[name]) for name in sorted(metrics) if isinstance(metrics[name], int | float))
    seconds = body.get("seconds")
    took = (f"Training and judging took {seconds:.1f} s.",) if isinstance(seconds, int | float) else ()
    return _notice(told, kind, severity, words, facts=facts, done=(str(body.get("reason")), *took))


def _metric(name: str, value: float) -> Fact:
    return Fact(name=name, observed=f"{value:.4f}", threshold="", reading="on the judge rows")


def _moved(told: Told, body: Body) -> Notice:
    back = told.entry.kind == EntryKind.ROLLED_BACK
    to, before = version_name(body.get("to_version")), version_name(body.get("from_version"))
    kind = NoticeKind.ROLLED_BACK if back else NoticeKind.PROMOTED
    words = f"rolled back to {to}" if back else f"{to} promoted"
    said = (f"The champion was {before} and is {to} now (generation {body.get('generation')}).",)
    severity = Severity.CRITICAL if back else Severity.INFO
    reasons = why(told.decision, told.expected) if back else {}
    key = move_key(told.entry.model, body.get("generation"))
    return _notice(told, kind, severity, words, key=key, done=said, broadcast=True, **reasons)


def _rollout(told: Told, body: Body) -> Notice:
    event, name = _words(body.get("event")), version_name(body.get("version"))
    bad = body.get("event") in (EventKind.ROLLED_BACK, EventKind.CANCELLED)
    stage = f"{_words(body.get('strategy'))}, stage {body.get('stage')} of {body.get('stages')}"
    said = (f"Rollout by {stage}, {body.get('traffic')}.", str(body.get("why")))
    severity = Severity.WARNING if bad else Severity.INFO
    return _notice(told, NoticeKind.ROLLOUT, severity, f"rollout of {name} {event}", done=said)


def _refused(told: Told, body: Body) -> Notice:
    words = f"{version_name(body.get('version'))} was not promoted"
    return _notice(told, NoticeKind.PROMOTION_REFUSED, Severity.WARNING, words, done=(str(body.get("reason")),))


def _failed(told: Told, body: Body) -> Notice | None:
    if body.get("error") == "not_approved":
        return None  # the answer to the question says so
    action = _words(body.get("action"))
    given_up = body.get("error") == "given_up" or body.get("action") == Action.ROLL_BACK
    severity = Severity.CRITICAL if given_up else Severity.WARNING
    return _notice(told, NoticeKind.NOT_DONE, severity, f"{action} was not done", done=(str(body.get("reason")),))


def _asked(told: Told, body: Body) -> Notice:
    approval_id, action = str(body.get("approval_id")), _words(body.get("action"))
    expires = told.decision.at if "expires_at" not in body else _time(body["expires_at"])
    return _notice(
        told,
        NoticeKind.APPROVAL_REQUESTED,
        Severity.WARNING,
        f"{action} waits for a person",
        key=f"approval:{approval_id}",
        done=(f"Nothing happens until somebody answers, until {expires:%Y-%m-%d %H:%M} UTC at the latest.",),
        ask=Ask(approval_id=approval_id, action=action, expires_at=expires),
        **why(told.decision, told.expected),
    )


def _answered(told: Told, body: Body) -> Notice:
    approval_id, action = str(body.get("approval_id")), _words(body.get("action"))
    words = closing_words(told.entry.kind, body)
    said = (f"Reason given: {body['reason']}",) if body.get("reason") else ()
    return _notice(
        told,
        NoticeKind.APPROVAL_ANSWERED,
        Severity.INFO,
        f"{action}: {words}",
        key=f"approval:{approval_id}:answered",
        done=said,
        closes=f"approval:{approval_id}",
        closing=f"{words[:1].upper()}{words[1:]}, {told.entry.at:%Y-%m-%d %H:%M} UTC.",
    )


def _outcome(told: Told, body: Body) -> Notice | None:
    before, after = body.get("accuracy_before"), body.get("accuracy_after")
    if not isinstance(after, int | float):
        return None
    known = f"{before:.1%}" if isinstance(before, int | float) else "unknown"
    words = f"accuracy {known} before, {after:.1%} after"
    said = (f"{body.get('labels_after')} labels, {body.get('hours_after')} hours after the move.",)
    return _notice(told, NoticeKind.OUTCOME, Severity.INFO, words, done=said)


def _opened(told: Told, one: Incident) -> Notice:
    code = told.decision.deliberation.reason_code
    demoted = one.kind is IncidentKind.DEMOTION
    words = (
        "the deciding model's answers are advice only"
        if demoted
        else f"fallback to rules ({code.value if code else 'no answer'})"
    )
    said = (
        "The rules decide alone; it is still asked and recorded. See: python -m agent scorecard " + one.model
        if demoted
        else "The deciding model gave no answer that counts; the rules decide alone until it does."
    )
    kind = NoticeKind.AGENT_DEMOTED if demoted else NoticeKind.FALLBACK_TO_RULES
    key = f"{one.incident_id}:told"
    return _notice(told, kind, Severity.WARNING, words, key=key, thread=one.incident_id, done=(said,))


_KINDS: Mapping[str, Callable[[Told, Body], Notice | None]] = {
    EntryKind.EFFECT_DONE: _alert,
    EntryKind.EFFECT_STARTED: _started,
    EntryKind.TRAINED: _trained,
    EntryKind.ROLLOUT: _rollout,
    EntryKind.PROMOTED: _moved,
    EntryKind.ROLLED_BACK: _moved,
    EntryKind.PROMOTION_REFUSED: _refused,
    EntryKind.EFFECT_FAILED: _failed,
    EntryKind.APPROVAL_REQUESTED: _asked,
    EntryKind.APPROVAL_GRANTED: _answered,
    EntryKind.APPROVAL_REJECTED: _answered,
    EntryKind.APPROVAL_EXPIRED: _answered,
    EntryKind.OUTCOME: _outcome,
}


def _notice(told: Told, kind: NoticeKind, severity: Severity, words: str, **more: Any) -> Notice:
    decision, entry = told.decision, told.entry
    version = decision.evidence.champion.version
    name = f"{decision.model} {version_name(version)}" if version else decision.model
    fields: dict[str, Any] = {
        "key": f"{decision.decision_id}:{entry.seq}",
        "kind": kind,
        "severity": severity,
        "model": decision.model,
        "title": told.title,
        "thread": incident_of(decision),
        "headline": f"{name}: {words}",
        "at": entry.at,
        "version": version,
        "decision_id": decision.decision_id,
    }
    return Notice(**fields | more)


def _words(action: object) -> str:
    return str(action).replace("_", " ")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
