"""The deciding model against the rules: where its choice differed, what came of it, and whether it may go on.

Pure: no clock, no files, no model calls. The counterfactual is computed, not guessed: the same recorded bounds without
the proposal give what the rules would have done. Only decisions in which the model changed something count, and not
those that a person asked for in a conversation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.actions import Action
from agent.record.ledger import Entry, EntryKind
from agent.record.past import breached, judged

# Demoted to advice when, among its newest choices, those that did worse outnumber those that did better by so many.
NEWEST_CHOICES = 20
DEMOTE_AT = 3


class Regret(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One decision in which the model's proposal changed what was done."""

    decision_id: str
    added: frozenset[str]
    put_off: frozenset[str]
    regret: Regret


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    asked: int
    accepted: int
    choices: tuple[Choice, ...]

    def count(self, regret: Regret) -> int:
        return sum(1 for choice in self.choices if choice.regret is regret)

    @property
    def demoted(self) -> bool:
        return self.count(Regret.WORSE) - self.count(Regret.BETTER) >= DEMOTE_AT


def scorecard(decisions: Sequence[Sequence[Entry]]) -> Scorecard:
    """The score over decisions of one model, newest first, each with its events behind it."""
    bodies = [entries[0].body for entries in decisions]
    thoughts = [thought for body in bodies if not (thought := body.get("deliberation", {})).get("conversation")]
    later: Entry | None = None
    choices = []
    for entries in decisions:
        choice = _choice(entries, later)
        if choice:
            choices.append(choice)
        later = entries[0] if _can_tell(entries[0]) else later
    return Scorecard(
        asked=sum(1 for thought in thoughts if thought.get("asked")),
        accepted=sum(1 for thought in thoughts if thought.get("proposal") or thought.get("advice")),
        choices=tuple(choices[:NEWEST_CHOICES]),
    )


def _choice(entries: Sequence[Entry], later: Entry | None) -> Choice | None:
    body = entries[0].body
    ruling, bounds = body.get("ruling", {}), body.get("bounds", {})
    thought = body.get("deliberation", {})
    if not thought.get("proposal") or thought.get("conversation"):
        return None
    effective, required = frozenset(ruling.get("effective", ())), frozenset(bounds.get("required", ()))
    added, put_off = effective - required, required - effective
    if not (added | put_off) & {Action.RETRAIN, Action.PROMOTE, Action.ROLL_BACK}:
        return None
    regret = _of_waiting(entries[0], later) if put_off else _of_acting(entries)
    return Choice(decision_id=entries[0].decision_id, added=added, put_off=put_off, regret=regret)


def _can_tell(entry: Entry) -> bool:
    """Whether a look says how the waiting before it turned out; one between two full windows does not."""
    return judged(entry) or breached(entry)


def _of_waiting(waited: Entry, later: Entry | None) -> Regret:
    """Waiting was better when the next look that judged saw no breach any more, and worse when it was still there."""
    if later is None or not breached(waited):
        return Regret.OPEN
    return Regret.WORSE if breached(later) else Regret.BETTER


def _of_acting(entries: Sequence[Entry]) -> Regret:
    """An action of its own was better when the accuracy rose, worse when a training brought nothing or it fell."""
    kinds = {entry.kind: entry.body for entry in entries}
    outcome = kinds.get(EntryKind.OUTCOME)
    if outcome:
        before, after = outcome.get("accuracy_before"), outcome.get("accuracy_after")
        if before is None or after is None:
            return Regret.OPEN
        return Regret.BETTER if after > before else Regret.WORSE
    moved = EntryKind.PROMOTED in kinds or EntryKind.ROLLED_BACK in kinds
    return Regret.OPEN if moved or EntryKind.CLOSED not in kinds else Regret.WORSE
