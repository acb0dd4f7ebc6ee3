"""Looks between two full windows judge nothing: they neither end a row of deferrals nor say how waiting turned out."""

import pytest

from agent.record import ledger
from agent.record.past import summarise
from agent.record.scorecard import Regret
from tests.agent.builders import CALM, merged
from tests.agent.fakes import MODEL, NOON, Clock
from tests.agent.record.test_past import decided, entry, past
from tests.agent.record.test_scorecard import WAITS, card
from tests.agent.world import BREACH, loop_in

ON_POSTGRESQL_TOO = True

FILLING = merged(CALM, {"drift": {"status": "filling"}})


def test_a_look_that_judges_nothing_does_not_end_a_row_of_deferrals():
    put_off = decided(2, "drift", deferred=["retrain"]), decided(4, "drift", deferred=["retrain"])
    between = decided(1, status="filling"), decided(3, status="too_few"), decided(5, status="stale")
    rows = (between[0], put_off[0], between[1], put_off[1], between[2])
    assert past(rows).deferrals_in_a_row == 2


def test_a_window_that_was_judged_and_called_for_nothing_ends_the_row():
    rows = [decided(1, status="filling"), decided(2), decided(3, "drift", deferred=["retrain"])]
    assert past(rows).deferrals_in_a_row == 0


def test_a_retraining_ends_the_row_also_between_two_windows():
    evidence = {"champion": {"generation": 1}, "drift": {"status": "filling"}}
    body = {"evidence": evidence, "bounds": {"triggers": ["schedule"]}, "ruling": {"effective": ["retrain"]}}
    rows = [entry("decision", 1, **body), decided(2, "schedule", deferred=["retrain"])]
    assert past(rows).deferrals_in_a_row == 0


def test_a_new_champion_ends_the_row():
    rows = [decided(1, status="filling", generation=2), decided(2, "drift", deferred=["retrain"])]
    assert past(rows, generation=2).deferrals_in_a_row == 0


def test_a_row_goes_on_from_what_the_oldest_decision_knew():
    oldest = entry(
        "decision",
        2,
        evidence={"champion": {"generation": 1}, "drift": {"status": "filling"}, "history": {"deferrals_in_a_row": 2}},
    )
    assert summarise([decided(1, status="filling"), oldest], [], NOON, 1, None, []).deferrals_in_a_row == 2


@pytest.mark.parametrize(("then", "regret"), [(BREACH, Regret.WORSE), (CALM, Regret.BETTER)])
def test_waiting_is_judged_by_the_next_window_and_not_by_a_look_before_it_is_full(home, store, then, regret):
    clock = Clock()
    for evidence, assistant in ((BREACH, WAITS), (FILLING, None)):
        loop_in(home, store, evidence, assistant=assistant, clock=clock).check()
        clock.forward(hours=1)
    assert [choice.regret for choice in card(store).choices] == [Regret.OPEN]
    loop_in(home, store, then, clock=clock).check()
    assert [choice.regret for choice in card(store).choices] == [regret]


def test_what_is_put_off_between_looks_that_judge_nothing_is_counted_from_the_ledger(home, store):
    clock = Clock()
    for evidence, assistant in ((BREACH, WAITS), (FILLING, None), (BREACH, WAITS), (FILLING, None)):
        loop_in(home, store, evidence, assistant=assistant, clock=clock).check()
        clock.forward(hours=1)
    assert summarise(ledger.decisions(store.control, MODEL), [], clock(), 1, None, []).deferrals_in_a_row == 2
