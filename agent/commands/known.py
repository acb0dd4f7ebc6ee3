"""What there is, for whoever asked for something else: an unknown id is answered with those that are known."""

from collections.abc import Sequence

from agent.errors import UnknownDecisionError
from agent.record import ledger
from agent.record.ledger import Entry
from pipeline.store.open import Store

SHOWN = 5


def entries_of(store: Store, decision_id: str) -> Sequence[Entry]:
    """A decision and its events. Raises UnknownDecisionError that names the newest ones."""
    try:
        return ledger.entries_of(store.control, decision_id)
    except UnknownDecisionError:
        newest = [entry.decision_id for entry in ledger.decisions(store.control, limit=SHOWN)]
        there = f"The newest are: {', '.join(newest)}." if newest else "None was recorded yet."
        raise UnknownDecisionError(
            f"There is no decision {decision_id}. {there} List them: python -m agent decisions"
        ) from None
