"""What becomes of a rollout that a decision began, appended to that decision, whoever carried it on.

The service advances and takes back rollouts by itself, also while the agent is away. Each event of a rollout and each
move of the champion it made has a key of its own, so what was noted once is not noted again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class _Happened:
    """What is to be noted at a decision, under its step; `move` where it moved the champion."""

    decision_id: str
    kind: EntryKind
    step: str
    body: Mapping[str, Any]
    move: Promotion | None = None

    @property
    def key(self) -> str:
        return f"{self.decision_id}:{self.step}"


def note_rollouts(control: Engine, hands: Hands, model: str, now: datetime) -> list[Entry]:
    """Append what happened to rollouts since the last call; what was appended now, the oldest first."""
    events = [event for event in reversed(rollout_history(control, model, NEWEST)) if event.decision_id]
    if not events:
        return []
    begun = {event.decision_id for event in events}
    moves = [move for move in reversed(promotions(control, model, NEWEST)) if move.decision_id in begun]
    happened = [*map(_of_event, events), *map(_of_move, moves)]
    known = ledger.keys_among(control, [one.key for one in happened])
    noted: list[Entry] = []
    for one in happened:
        if one.key in known or not ledger.knows(control, one.decision_id):
            continue
        known.add(one.key)
        noted.append(_note(control, model, one, now))
        if one.move is not None:
            hands.show(one.move)
    return noted


def _of_event(event: Rollout) -> _Happened:
    step = f"rollout:{event.rollout_id}:{event.seq}"
    return _Happened(decision_id=event.decision_id or "", kind=EntryKind.ROLLOUT, step=step, body=_event(event))


def _of_move(move: Promotion) -> _Happened:
    kind = MOVES[move.kind]
    return _Happened(decision_id=move.decision_id or "", kind=kind, step=kind.value, body=moved(move), move=move)


def _note(control: Engine, model: str, one: _Happened, now: datetime) -> Entry:
    return ledger.append(
        control, decision_id=one.decision_id, model=model, kind=one.kind, at=now, body=one.body, key=one.key
    )


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
