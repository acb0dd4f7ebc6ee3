"""Earlier decisions in numbers, enums and ids: for the deciding model's tool, and what deliberations have cost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from agent.record import ledger
from agent.record.ledger import Entry, EntryKind
from agent.record.usage import Usage
from pipeline.durations import DAY, hours_between


def rows(control: Engine, model: str, limit: int, now: datetime) -> list[dict[str, Any]]:
    """The newest decisions, newest first, each with what came of it. Reasons in words are left out."""
    return [
        _row(ledger.entries_of(control, entry.decision_id), now) for entry in ledger.decisions(control, model, limit)
    ]


def spent_last_day(control: Engine, now: datetime) -> Usage:
    """What the deliberations over all models took in the last 24 hours."""
    thoughts = [entry.body.get("deliberation", {}) for entry in ledger.asked_since(control, now - DAY)]
    return Usage(
        calls=sum(thought.get("calls", 0) for thought in thoughts),
        tokens=sum(thought.get("input_tokens", 0) + thought.get("output_tokens", 0) for thought in thoughts),
        usd=sum(thought.get("cost_usd") or 0.0 for thought in thoughts),
    )


def _row(entries: Sequence[Entry], now: datetime) -> dict[str, Any]:
    decision, events = entries[0], entries[1:]
    trained = _first(events, EntryKind.TRAINED)
    outcome = _first(events, EntryKind.OUTCOME)
    return {
        "decision_id": decision.decision_id,
        "hours_ago": round(hours_between(decision.at, now), 1),
        "headline": decision.body.get("headline"),
        "effective": decision.body.get("ruling", {}).get("effective"),
        "decided_by": decision.body.get("decided_by"),
        "rules": [fired.get("rule") for fired in decision.body.get("bounds", {}).get("fired", ())],
        "trained_version": trained.body.get("version") if trained else None,
        "verdict": trained.body.get("verdict") if trained else None,
        "promoted": _first(events, EntryKind.PROMOTED) is not None,
        "rolled_back": _first(events, EntryKind.ROLLED_BACK) is not None,
        "failed": [entry.body.get("error") for entry in events if entry.kind == EntryKind.EFFECT_FAILED],
        "outcome": {name: outcome.body.get(name) for name in ("accuracy_before", "accuracy_after")}
        if outcome
        else None,
    }


def _first(events: Sequence[Entry], kind: EntryKind) -> Entry | None:
    return next((entry for entry in events if entry.kind == kind), None)
