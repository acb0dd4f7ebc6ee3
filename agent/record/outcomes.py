"""What became of a move of the champion, appended to its decision once labels can tell."""

from datetime import datetime

from sqlalchemy import Engine

from agent.evidence import Evidence
from agent.record import ledger
from agent.record.ledger import MOVES, Entry, EntryKind
from pipeline.durations import hours_between


def append_outcome(control: Engine, evidence: Evidence, now: datetime) -> Entry | None:
    """Note accuracy before and after for the move that made the present champion, once, when labels suffice."""
    accuracy = evidence.accuracy
    if not accuracy.status.usable or accuracy.estimate is None:
        return None
    move = next(iter(ledger.events(control, evidence.model, MOVES, 1)), None)
    if move is None or move.body.get("generation") != evidence.champion.generation:
        return None  # the present champion came by a person, not by a decision
    decided = ledger.entries_of(control, move.decision_id)[0].body.get("evidence", {})
    before = decided.get("accuracy", {})
    body = {
        "version": evidence.champion.version,
        "accuracy_before": before.get("estimate"),
        "accuracy_after": accuracy.estimate,
        "p_below_floor_before": before.get("p_below_floor"),
        "p_below_floor_after": accuracy.p_below_floor,
        "labels_after": accuracy.labelled,
        "labels_spent": decided.get("training", {}).get("new_labels"),
        "hours_after": round(hours_between(move.at, now), 2),
    }
    return ledger.append(
        control,
        decision_id=move.decision_id,
        model=evidence.model,
        kind=EntryKind.OUTCOME,
        at=now,
        body=body,
        key=f"{move.decision_id}:outcome",
    )
