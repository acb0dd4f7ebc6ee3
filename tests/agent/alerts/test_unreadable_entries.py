"""An entry that cannot be told is named as such, and keeps nothing that comes behind it from being told."""

import pytest

from agent.record import ledger
from agent.record.ledger import EntryKind
from tests.agent.alerts.test_collecting import told
from tests.agent.fakes import MODEL, Clock
from tests.agent.world import loop_in

ON_POSTGRESQL_TOO = True


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (EntryKind.APPROVAL_REQUESTED, {"action": "no such action", "approval_id": "a", "expires_at": "soon"}),
        (EntryKind.EFFECT_DONE, {"action": "alert", "result": "told"}),
    ],
)
def test_an_entry_of_another_form_is_named_and_the_next_decision_is_told(home, store, kind, body):
    clock = Clock()
    made = loop_in(home, store, clock=clock).check()
    told(store, clock)
    entry = ledger.append(
        store.control, decision_id=made.decision.decision_id, model=MODEL, kind=kind, at=clock(), body=body
    )
    clock.forward(hours=1)
    behind = loop_in(home, store, clock=clock).check()
    found = told(store, clock)
    assert f"unreadable:{entry.seq}" in [notice.key for notice in found]
    assert behind.decision.decision_id in [notice.decision_id for notice in found]
