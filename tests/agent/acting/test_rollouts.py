"""Releases by the rules of a rollout: begun by a decision, carried on by the service, noted in that decision once."""

from datetime import timedelta

import pytest

from agent.actions import Headline
from agent.record import ledger
from agent.record.ledger import EntryKind
from pipeline.records import Provenance
from pipeline.releases.promotion import pointer
from pipeline.releases.rollout import RolloutRules, Strategy
from pipeline.releases.rollout_store import advance, cancel, current_rollout, take_back
from tests.agent.fakes import MODEL, NOON, Clock, FakeHands
from tests.agent.world import kinds, loop_in

ON_POSTGRESQL_TOO = True

CANARY = RolloutRules(strategy=Strategy.CANARY)


def canary_loop(home, store, **changes):
    hands = FakeHands(store, home / "diary", rollout=CANARY)
    return loop_in(home, store, hands=hands, **changes)


def rollout_events(store, decision_id):
    entries = ledger.entries_of(store.control, decision_id)
    return [entry.body["event"] for entry in entries if entry.kind == EntryKind.ROLLOUT]


def go_on(store, times=1):
    """What the service does when a stage has seen enough."""
    for number in range(times):
        rollout = current_rollout(store.control, MODEL)
        at = NOON + timedelta(minutes=number + 1)
        advance(store.control, rollout, Provenance(who="serving", why="enough was seen", at=at))


def test_a_version_that_passed_is_rolled_out_as_the_model_says_and_not_promoted_at_once(home, store):
    made = canary_loop(home, store).check()
    assert rollout_events(store, made.decision.decision_id) == ["started"]
    assert EntryKind.PROMOTED not in kinds(store, made.decision.decision_id)
    assert pointer(store.control, MODEL).version == 1
    assert current_rollout(store.control, MODEL).decision_id == made.decision.decision_id
    assert made.closed


def test_what_the_service_did_while_the_agent_was_away_is_noted_once_in_the_decision_that_began_it(home, store):
    loop = canary_loop(home, store)
    first = loop.check().decision.decision_id
    go_on(store, times=3)
    assert pointer(store.control, MODEL).version == 2
    loop.check()
    loop.check()
    assert rollout_events(store, first) == ["started", "advanced", "advanced", "completed"]
    assert kinds(store, first).count(EntryKind.PROMOTED) == 1
    assert loop.hands.shown == [2]
    assert ledger.verify(store.control).intact


def test_a_rollout_that_the_service_took_back_is_an_outcome_of_its_decision(home, store):
    loop = canary_loop(home, store)
    first = loop.check().decision.decision_id
    rollout = current_rollout(store.control, MODEL)
    take_back(store.control, rollout, Provenance(who="serving", why="errors", at=NOON))
    loop.check()
    assert rollout_events(store, first) == ["started", "roll_back"]
    assert pointer(store.control, MODEL).version == 1


def test_a_rollout_that_failed_after_its_promotion_notes_both_moves(home, store):
    hands = FakeHands(store, home / "diary", rollout=RolloutRules(strategy=Strategy.BLUE_GREEN))
    loop = loop_in(home, store, hands=hands)
    first = loop.check().decision.decision_id
    go_on(store)
    take_back(store.control, current_rollout(store.control, MODEL), Provenance(who="serving", why="slow", at=NOON))
    loop.check()
    assert rollout_events(store, first) == ["started", "advanced", "roll_back"]
    assert {EntryKind.PROMOTED, EntryKind.ROLLED_BACK} <= set(kinds(store, first))
    assert pointer(store.control, MODEL).version == 1


def test_a_person_who_cancels_is_noted_too(home, store):
    loop = canary_loop(home, store)
    first = loop.check().decision.decision_id
    rollout = current_rollout(store.control, MODEL)
    cancel(store.control, rollout, Provenance(who="ann", why="not today", at=NOON))
    loop.check()
    assert rollout_events(store, first) == ["started", "cancelled"]


class Killed(Exception):
    pass


@pytest.mark.parametrize("point", ["promote:moved", "retrain:acted"])
def test_a_process_that_is_killed_after_a_rollout_began_begins_no_second_one(home, store, point):
    def stop(name):
        if name == point:
            raise Killed

    with pytest.raises(Killed):
        canary_loop(home, store, step=stop).check()
    rollout_id = current_rollout(store.control, MODEL).rollout_id
    clock = Clock(NOON + timedelta(hours=1))
    resumed = canary_loop(home, store, clock=clock)
    (first,) = resumed.resume()
    assert current_rollout(store.control, MODEL).rollout_id == rollout_id
    assert rollout_events(store, first) == ["started"]
    assert len(resumed.hands.trainings) == 1


def test_without_rules_of_a_rollout_a_version_is_promoted_at_once(home, store):
    made = loop_in(home, store).check()
    assert made.decision.headline is Headline.RETRAIN
    assert rollout_events(store, made.decision.decision_id) == []
    assert EntryKind.PROMOTED in kinds(store, made.decision.decision_id)
