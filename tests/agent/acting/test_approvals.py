"""Approvals: bound to what they were given for, expiring, decided once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.acting import approvals
from agent.acting.approvals import ApprovalState, Binding
from agent.actions import Action
from agent.errors import ApprovalRefusedError
from pipeline.store.open import open_store
from tests.agent.fakes import MODEL, NOON

ON_POSTGRESQL_TOO = True

BOUND = Binding(
    decision_id="d1",
    model=MODEL,
    action=Action.PROMOTE,
    arguments={"version": 2, "verdict_id": "a1", "generation": 1},
    evidence_hash="e" * 64,
    champion_version=1,
)
DAY = timedelta(hours=24)


def asked(store, bound=BOUND):
    return approvals.request(store.control, bound, NOON, DAY)


def decide(store, approval, granted=True, at=NOON, who="ann"):
    return approvals.decide(store.control, approval.approval_id, granted=granted, who=who, reason=None, now=at)


def test_an_approval_that_was_granted_allows_exactly_what_it_was_asked_for(store):
    assert approvals.why_refused(decide(store, asked(store)), BOUND) is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"action": Action.RETRAIN}, "action"),
        ({"arguments": {"version": 3, "verdict_id": "a1", "generation": 1}}, "arguments"),
        ({"arguments": {"version": 2, "verdict_id": "a1", "generation": 1, "force": True}}, "arguments"),
        ({"evidence_hash": "f" * 64}, "evidence_hash"),
        ({"champion_version": 2}, "champion_version"),
        ({"champion_version": None}, "champion_version"),
        ({"decision_id": "d2"}, "decision_id"),
        ({"model": "other"}, "model"),
    ],
)
def test_an_approval_allows_nothing_that_differs(store, change, named):
    assert named in approvals.why_refused(decide(store, asked(store)), replace(BOUND, **change))


@pytest.mark.parametrize("state", [state for state in ApprovalState if state is not ApprovalState.APPROVED])
def test_only_the_state_approved_allows_anything(store, state):
    assert state.value in approvals.why_refused(replace(asked(store), state=state), BOUND)


def test_asking_again_returns_the_first_request(store):
    first = asked(store)
    assert asked(store, replace(BOUND, arguments={"version": 9})) == first


def test_it_is_decided_once(store):
    approval = decide(store, asked(store), granted=False)
    with pytest.raises(ApprovalRefusedError, match="rejected already"):
        decide(store, approval)


def test_it_can_be_granted_until_it_expires_and_not_then(store):
    decide(store, asked(store), at=NOON + DAY - timedelta(seconds=1))
    other = asked(store, replace(BOUND, decision_id="d2"))
    with pytest.raises(ApprovalRefusedError, match="ran out"):
        decide(store, other, at=NOON + DAY)


def test_an_unknown_approval_is_an_error_that_says_how_to_list_them(store):
    with pytest.raises(ApprovalRefusedError, match="python -m agent approvals"):
        approvals.decide(store.control, "nope", granted=True, who="ann", reason=None, now=NOON)


def test_of_many_who_decide_at_once_one_wins(settings, store):
    approval = asked(store)

    def click(number):
        own = open_store(settings)
        try:
            return decide(own, approval, granted=number % 2 == 0, who=f"person {number}").decided_by
        except ApprovalRefusedError:
            return None
        finally:
            own.close()

    with ThreadPoolExecutor(4) as pool:
        winners = [who for who in pool.map(click, range(8)) if who]
    assert len(winners) == 1
    assert approvals.by_id(store.control, approval.approval_id).decided_by == winners[0]


def test_what_was_used_cannot_be_used_again(store):
    approval = decide(store, asked(store))
    approvals.mark_used(store.control, approval.approval_id)
    again = approvals.by_id(store.control, approval.approval_id)
    assert "used" in approvals.why_refused(again, BOUND)


def test_only_what_still_waits_is_pending(store):
    asked(store)
    decide(store, asked(store, replace(BOUND, decision_id="d2")))
    assert [found.binding.decision_id for found in approvals.pending(store.control, MODEL, NOON)] == ["d1"]
    assert approvals.pending(store.control, MODEL, NOON + DAY) == []
    assert approvals.pending(store.control, "other", NOON) == []
