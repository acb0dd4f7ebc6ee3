"""Decisions that wait for a person, or were left undone: what an approval is worth, and for how long."""

import pytest

from agent.acting import approvals
from agent.actions import Autonomy
from agent.errors import ApprovalRefusedError
from agent.record import ledger
from agent.record.ledger import EntryKind
from pipeline.releases.promotion import pointer
from tests.agent.fakes import MODEL, Clock, add_champion
from tests.agent.world import kinds, loop_in

ON_POSTGRESQL_TOO = True


def pending(store, clock):
    return approvals.pending(store.control, MODEL, clock())


def answer(store, clock, granted=True):
    (asked,) = pending(store, clock)
    return approvals.decide(store.control, asked.approval_id, granted=granted, who="ann", reason=None, now=clock())


def test_proposing_waits_for_a_person_and_trains_after_the_approval(home, store):
    loop = loop_in(home, store, autonomy=Autonomy.PROPOSE)
    made = loop.check()
    assert not made.closed
    assert loop.hands.trainings == []
    answer(store, loop.clock)
    assert loop.resume() == [made.decision.decision_id]
    assert loop.hands.trainings == [made.decision.decision_id]
    assert pointer(store.control, MODEL).version == 1  # the promotion of the new version is another question
    assert kinds(store, made.decision.decision_id)[-1] == EntryKind.CLOSED


def test_while_an_approval_is_pending_a_resume_does_nothing_and_asks_once(home, store):
    loop = loop_in(home, store, autonomy=Autonomy.PROPOSE)
    made = loop.check()
    before = kinds(store, made.decision.decision_id)
    loop.resume()
    assert kinds(store, made.decision.decision_id) == before
    assert len(pending(store, loop.clock)) == 1


def test_a_rejected_retraining_is_closed_undone(home, store):
    loop = loop_in(home, store, autonomy=Autonomy.PROPOSE)
    made = loop.check()
    answer(store, loop.clock, granted=False)
    loop.resume()
    assert loop.hands.trainings == []
    assert kinds(store, made.decision.decision_id)[-3:] == ["approval_rejected", "effect_failed", "closed"]


def test_an_approval_that_ran_out_is_worth_nothing(home, store):
    loop = loop_in(home, store, autonomy=Autonomy.PROPOSE)
    made = loop.check()
    (asked,) = pending(store, loop.clock)
    loop.clock.forward(hours=24)
    with pytest.raises(ApprovalRefusedError, match="ran out"):
        approvals.decide(store.control, asked.approval_id, granted=True, who="ann", reason=None, now=loop.clock())
    loop.resume()
    assert loop.hands.trainings == []
    assert "approval_expired" in kinds(store, made.decision.decision_id)


def test_an_approval_for_one_champion_is_refused_when_another_serves(home, store):
    loop = loop_in(home, store, autonomy=Autonomy.PROPOSE)
    made = loop.check()
    answer(store, loop.clock)
    add_champion(store)
    loop.resume()
    assert loop.hands.trainings == []
    refused = [e.body for e in ledger.entries_of(store.control, made.decision.decision_id) if e.kind == "effect_failed"]
    assert "champion_version" in refused[0]["reason"]


def test_autonomy_that_was_lowered_holds_for_what_is_not_done_yet(home, store):
    class Stopped(BaseException):
        pass

    def stop(point):
        if point == "recorded":
            raise Stopped

    clock = Clock()
    with pytest.raises(Stopped):
        loop_in(home, store, clock=clock, step=stop).check()
    loop = loop_in(home, store, clock=clock, autonomy=Autonomy.PROPOSE)
    loop.resume()
    assert loop.hands.trainings == []
    assert len(pending(store, clock)) == 1


def test_a_decision_that_was_left_for_days_is_not_acted_on(home, store):
    class Stopped(BaseException):
        pass

    def stop(point):
        if point == "recorded":
            raise Stopped

    clock = Clock()
    with pytest.raises(Stopped):
        loop_in(home, store, clock=clock, step=stop).check()
    clock.forward(hours=25)
    loop = loop_in(home, store, clock=clock)
    loop.resume()
    assert loop.hands.trainings == []
