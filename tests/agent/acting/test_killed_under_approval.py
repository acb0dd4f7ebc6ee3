"""A process that is killed while it does what a person approved goes on afterwards, and the record says what it did."""

import pytest

from agent.acting import approvals
from agent.acting.approvals import ApprovalState
from agent.actions import Action, Autonomy
from agent.record import ledger
from agent.record.ledger import EntryKind
from pipeline.releases.promotion import pointer, promotions
from tests.agent.builders import CHALLENGER, merged
from tests.agent.fakes import MODEL, Clock, add_champion, add_verdict, add_version
from tests.agent.world import BREACH, loop_in

ON_POSTGRESQL_TOO = True

FAILING = {
    "champion": {"version": 3, "generation": 3, "previous_version": 2, "previous_p_below_floor": 0.01},
    "accuracy": {"estimate": 0.8, "p_below_floor": 0.999},
}
POINTS = ("asked", "started", "moved", "acted", "done")


class Killed(BaseException):
    """Ends a pass at a named point, as a kill would: nothing that follows is done, and nothing handles it."""


def step_to(point):
    def step(at):
        if at == point:
            raise Killed

    return step


def approved_and_killed(home, store, evidence, action, point):
    """A decision whose action a person grants, and a process that ends at `point` while carrying it out."""
    clock = Clock()
    made = loop_in(home, store, evidence, autonomy=Autonomy.PROPOSE, clock=clock).check()
    asked = approvals.of_action(store.control, made.decision.decision_id, action)
    approvals.decide(store.control, asked.approval_id, granted=True, who="ann", reason=None, now=clock())
    with pytest.raises(Killed):
        loop_in(home, store, evidence, autonomy=Autonomy.PROPOSE, clock=clock, step=step_to(point)).resume()
    clock.forward(minutes=2)
    return made.decision.decision_id, asked.approval_id, clock


def recorded(store, decision_id, approval_id):
    """What stands in the ledger of what was done, and what became of the approval."""
    entries = ledger.entries_of(store.control, decision_id)
    wanted = (EntryKind.PROMOTED, EntryKind.ROLLED_BACK, EntryKind.EFFECT_FAILED, EntryKind.CLOSED)
    found = [entry.kind for entry in entries if entry.kind in wanted]
    return found, approvals.by_id(store.control, approval_id).state


@pytest.mark.parametrize("point", POINTS)
def test_an_approved_promotion_is_recorded_as_done_wherever_its_process_was_killed(home, store, point):
    add_champion(store)
    version = add_version(store)
    verdict_id = add_verdict(store, version, against=1)
    evidence = merged(CHALLENGER, {"challenger": {"version": version, "verdict_id": verdict_id}})
    killed = approved_and_killed(home, store, evidence, Action.PROMOTE, f"promote:{point}")
    decision_id, approval_id, clock = killed
    loop_in(home, store, evidence, autonomy=Autonomy.PROPOSE, clock=clock).resume()
    assert [move.to_version for move in promotions(store.control, MODEL)] == [2, 1]
    assert recorded(store, decision_id, approval_id) == (["promoted", "closed"], ApprovalState.USED)


@pytest.mark.parametrize("point", POINTS)
def test_an_approved_rollback_is_recorded_as_done_wherever_its_process_was_killed(home, store, point):
    for _ in range(3):
        add_champion(store)
    killed = approved_and_killed(home, store, FAILING, Action.ROLL_BACK, f"roll_back:{point}")
    decision_id, approval_id, clock = killed
    loop_in(home, store, FAILING, autonomy=Autonomy.PROPOSE, clock=clock).resume()
    assert pointer(store.control, MODEL).version == 2
    assert len(promotions(store.control, MODEL)) == 4
    assert recorded(store, decision_id, approval_id) == (["rolled_back", "closed"], ApprovalState.USED)


@pytest.mark.parametrize("point", ["asked", "started", "trained", "recorded", "acted", "done"])
def test_an_approved_retraining_trains_once_wherever_its_process_was_killed(home, store, point):
    killed = approved_and_killed(home, store, BREACH, Action.RETRAIN, f"retrain:{point}")
    decision_id, approval_id, clock = killed
    loop = loop_in(home, store, BREACH, autonomy=Autonomy.PROPOSE, clock=clock)
    loop.resume()
    assert loop.hands.trainings == [decision_id]
    assert recorded(store, decision_id, approval_id) == (["closed"], ApprovalState.USED)


def test_an_approval_that_was_not_begun_with_still_asks_who_the_champion_is(home, store):
    add_champion(store)
    version = add_version(store)
    evidence = merged(CHALLENGER, {"challenger": {"verdict_id": add_verdict(store, version, against=1)}})
    clock = Clock()
    made = loop_in(home, store, evidence, autonomy=Autonomy.PROPOSE, clock=clock).check()
    asked = approvals.of_action(store.control, made.decision.decision_id, Action.PROMOTE)
    approvals.decide(store.control, asked.approval_id, granted=True, who="ann", reason=None, now=clock())
    add_champion(store)
    loop_in(home, store, evidence, autonomy=Autonomy.PROPOSE, clock=clock).resume()
    found = recorded(store, made.decision.decision_id, asked.approval_id)
    assert found == (["effect_failed", "closed"], ApprovalState.APPROVED)


@pytest.mark.parametrize("point", ["promote:moved", "retrain:acted"])
def test_a_promotion_that_was_made_is_recorded_also_when_autonomy_was_lowered_since(home, store, point):
    clock = Clock()
    with pytest.raises(Killed):
        loop_in(home, store, BREACH, clock=clock, step=step_to(point)).check()
    clock.forward(minutes=2)
    (left,) = loop_in(home, store, BREACH, clock=clock, autonomy=Autonomy.PROPOSE).resume()
    kinds = [entry.kind for entry in ledger.entries_of(store.control, left)]
    assert (kinds.count(EntryKind.PROMOTED), kinds[-1]) == (1, EntryKind.CLOSED)
    assert EntryKind.APPROVAL_REQUESTED not in kinds
    assert [move.to_version for move in promotions(store.control, MODEL)] == [2, 1]
