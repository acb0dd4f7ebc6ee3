"""What the ledger says about retrainings, found by what it is: no number of looks and alerts hides any of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from agent.actions import Action
from agent.record import ledger
from agent.record.ledger import Entry, EntryKind

# So many trainings, failures and refusals. The brake holds retraining back long before there are more in a row.
NEWEST = 200
# A retraining under way holds the lease of its model, so that hardly anything is started after it.
JUST_STARTED = 50
ENDS = (EntryKind.TRAINED, EntryKind.EFFECT_FAILED)


def retraining_events(control: Engine, model: str) -> list[Entry]:
    """Starts and ends of retrainings, and what people refused, newest first.

    Among the starts are also some of other actions.
    """
    ends = ledger.events(control, model, [EntryKind.TRAINED], NEWEST)
    ends += ledger.events(control, model, [EntryKind.EFFECT_FAILED], NEWEST, action=Action.RETRAIN)
    starts = ledger.of_decisions(control, [entry.decision_id for entry in ends], EntryKind.EFFECT_STARTED)
    starts += ledger.events(control, model, [EntryKind.EFFECT_STARTED], JUST_STARTED)
    refused = ledger.events(control, model, [EntryKind.APPROVAL_REJECTED], NEWEST)
    found = {entry.seq: entry for entry in (*ends, *starts, *refused)}
    return [found[seq] for seq in sorted(found, reverse=True)]


def made_for(control: Engine, events: Sequence[Entry], since: datetime | None) -> list[Entry]:
    """The decisions whose retrainings ended after a time, however many looks ago, newest first."""
    ended = [entry for entry in events if entry.kind in ENDS and (since is None or entry.at > since)]
    return ledger.of_decisions(control, [entry.decision_id for entry in ended], EntryKind.DECISION)
