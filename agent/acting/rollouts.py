"""What becomes of a rollout that a decision began, appended to that decision, whoever carried it on.

The service advances and takes back rollouts by itself, also while the agent is away. Each event of a rollout and each
move of the champion it made has a key of its own, so what was noted once is not noted again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from agent.record import ledger
from agent.record.canonical import to_plain
from agent.record.ledger import Entry, EntryKind
from pipeline.records import Promotion, PromotionKind
from pipeline.releases.promotion import promotions
from pipeline.releases.rollout_events import EventKind, Rollout
from pipeline.releases.rollout_store import rollout_history
from tools.hands import Hands

# So many of the newest events and moves are looked at; between two looks there are a few at most.
NEWEST = 100
MOVES = {PromotionKind.PROMOTE: EntryKind.PROMOTED, PromotionKind.ROLL_BACK: EntryKind.ROLLED_BACK}


def note_rollouts(control: Engine, hands: Hands, model: str, now: datetime) -> list[Entry]:
    """Append what happened to rollouts since the last call; what was appended now, the oldest first."""
    events = [event for event in reversed(rollout_history(control, model, NEWEST)) if event.decision_id]
    if not events:
        return []
    begun = {event.decision_id for event in events}
    moves = [move for move in reversed(promotions(control, model, NEWEST)) if move.decision_id in begun]
    noted: list[Entry] = []
    for event in events:
        noted += _note(control, event.decision_id, model, EntryKind.ROLLOUT, _event(event), _key(event), now)
    for move in moves:
        entries = _note(control, move.decision_id, model, MOVES[move.kind], moved(move), MOVES[move.kind].value, now)
        if entries:
            hands.show(move)
        noted += entries
    return noted


def _note(
    control: Engine, decision_id: str | None, model: str, kind: EntryKind, body: object, step: str, now: datetime
) -> list[Entry]:
    """The new entry; none when it was noted before, or no decision of this ledger began it."""
    key = f"{decision_id}:{step}"
    if decision_id is None or ledger.has(control, key) or not ledger.knows(control, decision_id):
        return []
    return [ledger.append(control, decision_id=decision_id, model=model, kind=kind, at=now, body=body, key=key)]


def _key(event: Rollout) -> str:
    return f"rollout:{event.rollout_id}:{event.seq}"


def _event(event: Rollout) -> Mapping[str, Any]:
    """What happened, in enums and numbers; why it happened is the service's own sentence about its guards."""
    return {
        "event": event.kind,
        "rollout_id": event.rollout_id,
        "version": event.version,
        "strategy": event.strategy,
        "stage": event.stage + 1,
        "stages": len(event.stages),
        "traffic": event.now.traffic,
        "share": event.now.share,
        "who": event.who,
        "why": event.why,
        "happened_at": event.at,
    }


def moved(move: Promotion) -> Mapping[str, Any]:
    kept = ("generation", "kind", "from_version", "to_version", "verdict_id", "at")
    return {name: to_plain(getattr(move, name)) for name in kept}


def running(events: Sequence[Rollout]) -> Rollout | None:
    """The rollout that runs, from its events newest first."""
    return events[0] if events and events[0].running else None


def ended_badly(events: Sequence[Rollout], version: int, since: datetime | None) -> bool:
    """Whether a rollout of the version was taken back or cancelled after that time."""
    bad = (EventKind.ROLLED_BACK, EventKind.CANCELLED)
    ended = [event.at for event in events if event.version == version and event.kind in bad]
    return any(since is None or at > since for at in ended)
