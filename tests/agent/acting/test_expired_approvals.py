"""An approval that nobody gave in time is expired, and both its own row and the record say so."""

from datetime import timedelta

from agent.acting import approvals
from agent.acting.approvals import ApprovalState
from agent.actions import Action, Autonomy
from agent.record import ledger
from agent.record.ledger import EntryKind
from tests.agent.fakes import Clock
from tests.agent.world import loop_in

ON_POSTGRESQL_TOO = True


def test_an_approval_that_ran_out_is_expired_and_the_record_says_so(home, store):
    clock = Clock()
    loop = loop_in(home, store, autonomy=Autonomy.PROPOSE, clock=clock, approval_valid_for=timedelta(hours=2))
    made = loop.check()
    asked = approvals.of_action(store.control, made.decision.decision_id, Action.RETRAIN)
    clock.forward(hours=1)
    loop.resume()
    assert approvals.by_id(store.control, asked.approval_id).state is ApprovalState.PENDING
    clock.forward(hours=1)
    loop.resume()
    assert approvals.by_id(store.control, asked.approval_id).state is ApprovalState.EXPIRED
    entries = ledger.entries_of(store.control, made.decision.decision_id)
    (failed,) = [entry.body for entry in entries if entry.kind == EntryKind.EFFECT_FAILED]
    assert failed["reason"] == "Not done: the approval is expired."


def test_only_what_waits_and_ran_out_is_expired(home, store):
    clock = Clock()
    loop = loop_in(home, store, autonomy=Autonomy.PROPOSE, clock=clock, approval_valid_for=timedelta(hours=2))
    asked = approvals.of_action(store.control, loop.check().decision.decision_id, Action.RETRAIN)
    assert approvals.expire(store.control, asked.approval_id, clock()).state is ApprovalState.PENDING
    approvals.decide(store.control, asked.approval_id, granted=False, who="ann", reason=None, now=clock())
    clock.forward(hours=3)
    assert approvals.expire(store.control, asked.approval_id, clock()).state is ApprovalState.REJECTED
    assert approvals.expire(store.control, "nope", clock()) is None
