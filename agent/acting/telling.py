"""What people are told, and whether it is news: what was said of the same incident lately is recorded as repeated."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from agent.actions import Action
from agent.decision import Decision
from agent.record import ledger
from agent.record.ledger import Entry, EntryKind


def told(decision: Decision, action: Action) -> Mapping[str, Any]:
    """What people are told; whoever delivers it (mail, chat) reads it from the ledger."""
    said = {
        "sentences": sentences_for(decision, action),
        "rules": rules_for(decision, action),
        "incident_id": decision.evidence.history.incident_id or decision.decision_id,
    }
    if action is Action.REQUEST_LABELS:
        have = decision.evidence.training.new_labels or 0
        return said | {"labels_wanted": max(decision.rules.retraining.min_new_labels - have, 0)}
    return said


def told_before(control: Engine, decision: Decision, action: Action) -> list[Entry]:
    """The newest times that other decisions said something, and, however long ago, when what these repeat was news."""
    newest = ledger.events(control, decision.model, [EntryKind.EFFECT_DONE], action=action)
    named = {first for entry in newest if (first := _result(entry).get("repeated_of"))}
    found = newest + ledger.of_decisions(control, named, EntryKind.EFFECT_DONE)
    return [entry for entry in found if entry.decision_id != decision.decision_id]


def with_repeats(
    said: Mapping[str, Any], action: Action, earlier: Sequence[Entry], now: datetime, again_after: timedelta
) -> Mapping[str, Any]:
    """`said`, and in `repeated_of` the decision that told the same of the same incident; None when it is news.

    The same is: one action, for the same rules. Other rules, such as a second breach, are news at once, and after
    `again_after` everything is news again. `earlier` are the effects that were done, newest first.
    """
    known = (
        entry.decision_id
        for entry in earlier
        if entry.body.get("action") == action and now - entry.at < again_after and _is_news_of(_result(entry), said)
    )
    return dict(said) | {"repeated_of": next(known, None)}


def sentences_for(decision: Decision, action: Action) -> list[str]:
    """Why: the sentences of the rules that require the action, or of all rules when the agent asked for it."""
    requiring = [fired.sentence for fired in decision.bounds.fired if action in fired.requires]
    return requiring or [fired.sentence for fired in decision.bounds.fired]


def rules_for(decision: Decision, action: Action) -> list[str]:
    return [fired.rule for fired in decision.bounds.fired if action in fired.requires]


def _result(entry: Entry) -> Mapping[str, Any]:
    """What was said; nothing of an entry that was altered since."""
    result = entry.body.get("result")
    return result if isinstance(result, Mapping) else {}


def _is_news_of(result: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    same = all(result.get(name) == said[name] for name in ("incident_id", "rules"))
    return same and result.get("repeated_of") is None
