"""What was done or is proposed, in words. Pure: no clock, no files, no model calls."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agent.actions import CONSEQUENTIAL, Action
from agent.decision import Decision
from agent.record.ledger import EntryKind
from pipeline.records import version_tag

_NOUNS = {Action.RETRAIN: "A retraining", Action.PROMOTE: "A promotion", Action.ROLL_BACK: "A rollback"}
_ANSWERS = {
    EntryKind.APPROVAL_GRANTED: "approved",
    EntryKind.APPROVAL_REJECTED: "rejected",
    EntryKind.APPROVAL_EXPIRED: "ran out unanswered",
}


def done(decision: Decision) -> tuple[str, ...]:
    """A sentence for each action that changes something, what was put off, what was refused, and what people can do."""
    ruling = decision.ruling
    lines = [_what_becomes(decision, action) for action in sorted(ruling.effective & CONSEQUENTIAL)]
    lines += [f"{_noun(action)} was put off by the agent." for action in sorted(ruling.deferred)]
    lines += [f"Not done: {refusal.action}. {refusal.sentence}" for refusal in ruling.refusals]
    if Action.ASK_PERSON in ruling.effective:
        lines.append("A person should look at this.")
    wanted = decision.rules.retraining.min_new_labels - (decision.evidence.training.new_labels or 0)
    if Action.REQUEST_LABELS in ruling.effective and wanted > 0:
        lines.append(f"{wanted} more labelled messages are wanted: python -m pipeline labels queue {decision.model}")
    return tuple(lines) or ("Nothing else is done.",)


def _what_becomes(decision: Decision, action: Action) -> str:
    ruling = decision.ruling
    if action in ruling.wait:
        return f"{_noun(action)} is proposed and waits for a person."
    if action in ruling.say:
        return f"{_noun(action)} would be due; at autonomy {ruling.autonomy.value} it is only said."
    return f"{_noun(action)} is under way."


def closing_words(kind: str, body: Mapping[str, Any]) -> str:
    """How a question to a person ended: `approved by ann`."""
    who = f" by {body['who']}" if body.get("who") else ""
    return f"{_ANSWERS[EntryKind(kind)]}{who}"


def version_name(version: object) -> str:
    return version_tag(version) if isinstance(version, int) else "no version"


def hours_words(earlier: datetime, later: datetime) -> str:
    minutes = max((later - earlier).total_seconds(), 0.0) / 60
    if minutes < 90:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.1f} hours" if minutes < 48 * 60 else f"{minutes / 1440:.1f} days"


def _noun(action: Action) -> str:
    return _NOUNS.get(action, action.value.replace("_", " "))
