"""Rollouts in the control store: begun once, advanced by one hand, ended; and pins."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.errors import ConcurrentChangeError, NoChampionError, PromotionRefusedError
from pipeline.gate.rules import VerdictStatus
from pipeline.records import JudgedVersion, Promotion, Provenance
from pipeline.releases.pins import active_pin, unpin
from pipeline.releases.promotion import pin, pointer, promote, promotions, roll_back
from pipeline.releases.release import release
from pipeline.releases.rollout import RolloutRules, Stage, Strategy, Traffic
from pipeline.releases.rollout_events import EventKind, Rollout
from pipeline.releases.rollout_store import (
    advance,
    cancel,
    current_rollout,
    rollout_history,
    settle,
    start_rollout,
    take_back,
    was_overtaken,
    was_promoted,
)
from tests.pipeline.builders import NOON, add_verdict, add_version

M = "sms_spam"
CANARY, BLUE_GREEN = RolloutRules(strategy=Strategy.CANARY), RolloutRules(strategy=Strategy.BLUE_GREEN)
LATER = NOON + timedelta(hours=1)
BY = Provenance(who="test", why="because", at=LATER)


@pytest.fixture
def two(settings, store):
    """Version 1 is champion; version 2 may become it, with the verdict `store.passed`."""
    for version in (1, 2, 3):
        add_version(settings, store, version)
    first = add_verdict(store, 1, champion=None)
    promote(store.control, judged(1, first, 0), BY)
    return store


def begin(store, rules=CANARY, version=2, **changes):
    verdict = changes.pop("verdict_id", None) or add_verdict(store, version, champion=1)
    return start_rollout(store.control, judged(version, verdict), rules, replace(BY, **changes))


def judged(version, verdict_id, generation=1):
    return JudgedVersion(model=M, version=version, verdict_id=verdict_id, expected_generation=generation)


def champion(store):
    return pointer(store.control, M).version


def test_a_rollout_is_read_back_as_it_was_begun(two):
    begun = begin(two)
    assert current_rollout(two.control, M) == begun
    assert (begun.champion_version, begun.generation, begun.stage, begun.stages) == (1, 1, 0, CANARY.plan)
    assert champion(two) == 1


def test_the_last_stage_of_a_canary_ends_in_a_promotion(two):
    rollout = begin(two)
    for stage in (1, 2):
        rollout = advance(two.control, rollout, BY, body={"pairs": 9})
        assert (rollout.stage, champion(two)) == (stage, 1)
    done = advance(two.control, rollout, BY)
    assert (done.kind, champion(two)) == (EventKind.COMPLETED, 2)
    assert current_rollout(two.control, M) is None
    kinds = [event.kind for event in rollout_history(two.control, M)]
    assert kinds == [EventKind.COMPLETED, EventKind.ADVANCED, EventKind.ADVANCED, EventKind.STARTED]


def test_blue_green_promotes_first_and_can_take_it_back(two):
    rollout = advance(two.control, begin(two, BLUE_GREEN), BY)
    assert (rollout.promoted, champion(two)) == (True, 2)
    ended = take_back(two.control, rollout, BY, body={"errors": 3})
    assert (ended.kind, ended.body, champion(two)) == (EventKind.ROLLED_BACK, {"errors": 3}, 1)


def test_taking_back_a_canary_leaves_the_champion_alone(two):
    take_back(two.control, begin(two), BY)
    assert pointer(two.control, M).generation == 1
    assert current_rollout(two.control, M) is None


def test_a_version_that_was_taken_back_needs_a_new_verdict(two):
    passed = add_verdict(two, 2, champion=1)
    take_back(two.control, begin(two, verdict_id=passed), BY)
    for again in (begin, lambda store, verdict_id: release_now(store, verdict_id, RolloutRules())):
        with pytest.raises(PromotionRefusedError, match="rolled back after that verdict"):
            again(two, verdict_id=passed)
    judged_again = add_verdict(two, 2, champion=1, at=LATER + timedelta(minutes=1))
    assert begin(two, verdict_id=judged_again).version == 2


def test_a_champion_that_was_rolled_back_needs_a_new_verdict_too(two):
    passed = add_verdict(two, 2, champion=1)
    release_now(two, passed, RolloutRules())
    roll_back(two.control, M, 2, BY)
    with pytest.raises(PromotionRefusedError, match="rolled back after that verdict"):
        promote(two.control, judged(2, passed, 3), BY)


def release_now(store, verdict_id, rules, version=2):
    return release(store.control, judged(version, verdict_id), rules, BY)


def test_release_follows_the_rules_of_the_model(two):
    assert isinstance(release_now(two, add_verdict(two, 2, champion=1), CANARY), Rollout)
    cancel(two.control, current_rollout(two.control, M), BY)
    assert isinstance(release_now(two, add_verdict(two, 3, champion=1), RolloutRules(), version=3), Promotion)


def test_a_first_champion_needs_no_rollout(settings, store):
    add_version(settings, store, 1)
    verdict = add_verdict(store, 1, champion=None)
    first = judged(1, verdict, 0)
    with pytest.raises(NoChampionError):
        start_rollout(store.control, first, CANARY, BY)
    assert isinstance(release(store.control, first, CANARY, BY), Promotion)


@pytest.mark.parametrize("status", [VerdictStatus.FAILED, VerdictStatus.UNDECIDED])
def test_a_rollout_takes_a_passed_verdict(two, status):
    with pytest.raises(PromotionRefusedError, match=status.value):
        begin(two, verdict_id=add_verdict(two, 2, champion=1, status=status))


def test_one_rollout_runs_at_a_time_and_a_decision_begins_it_once(two):
    begun = begin(two, decision_id="d1")
    assert begin(two, decision_id="d1") == begun
    with pytest.raises(PromotionRefusedError, match="being rolled out"):
        begin(two, version=3)


def test_a_plan_that_begins_with_all_traffic_is_refused(two):
    rules = RolloutRules(strategy=Strategy.CANARY, stages=(Stage(traffic=Traffic.ALL),))
    with pytest.raises(PromotionRefusedError, match="Promote directly"):
        begin(two, rules)


def test_of_four_services_one_advances_a_rollout(two):
    rollout = begin(two)

    def attempt(i: int) -> bool:
        try:
            advance(two.control, rollout, replace(BY, who=f"service {i}"))
        except ConcurrentChangeError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    assert current_rollout(two.control, M).stage == 1


def test_a_kill_between_promotion_and_event_promotes_once(two):
    rollout = replace(begin(two), stage=2)
    promote(two.control, judged(2, rollout.verdict_id), replace(BY, decision_id=rollout.move_key))
    assert was_promoted(rollout, pointer(two.control, M))
    assert settle(two.control, rollout, who="test", now=LATER).kind is EventKind.COMPLETED
    assert len(promotions(two.control, M)) == 2


def test_after_a_kill_blue_green_goes_on_with_the_stage_that_watches(two):
    rollout = begin(two, BLUE_GREEN)
    promote(two.control, judged(2, rollout.verdict_id), replace(BY, decision_id=rollout.move_key))
    settled = settle(two.control, rollout, who="test", now=LATER)
    assert (settled.kind, settled.promoted) == (EventKind.ADVANCED, True)
    assert not was_overtaken(settled, pointer(two.control, M))


def test_another_champion_overtakes_a_rollout(two):
    rollout = begin(two)
    assert not was_overtaken(rollout, pointer(two.control, M))
    promote(two.control, judged(3, add_verdict(two, 3, champion=1)), BY)
    assert was_overtaken(rollout, pointer(two.control, M))


def pinned(store, generation=1, why="because", back=False, **how):
    return pin(store.control, M, generation, replace(BY, why=why), back=back, **how)


def test_a_pinned_model_refuses_promotions_and_rollouts_and_says_what_lifts_the_pin(two):
    held, move = pinned(two, why="v2 called the bank spam", lift_when="v3 is trained")
    assert (held.version, move) == (1, None)
    verdict = add_verdict(two, 2, champion=1)
    for rules in (RolloutRules(), CANARY):
        with pytest.raises(PromotionRefusedError, match=r"pinned at v1 by test.*bank spam.*when v3 is trained"):
            release_now(two, verdict, rules)


def test_undo_and_pin_are_one_call(two):
    release_now(two, add_verdict(two, 2, champion=1), RolloutRules())
    held, move = pinned(two, generation=2, back=True)
    assert (held.version, move.to_version, champion(two)) == (1, 1, 1)


def test_without_a_previous_champion_nothing_is_pinned_either(two):
    with pytest.raises(PromotionRefusedError, match="no earlier champion"):
        pinned(two, back=True)
    assert active_pin(two.control, M, LATER) is None


def test_a_pin_that_was_decided_on_an_older_pointer_loses(two):
    with pytest.raises(ConcurrentChangeError):
        pinned(two, generation=0)


def test_a_pin_is_lifted_by_its_number(two):
    held, _ = pinned(two)
    with pytest.raises(ConcurrentChangeError):
        unpin(two.control, M, held.seq + 1, BY)
    assert unpin(two.control, M, held.seq, BY) == held
    assert active_pin(two.control, M, LATER) is None
    assert release_now(two, add_verdict(two, 2, champion=1), RolloutRules()).to_version == 2
    with pytest.raises(ConcurrentChangeError):
        unpin(two.control, M, held.seq, BY)


def test_a_pin_lapses_at_its_time(two):
    pinned(two, until=LATER + timedelta(minutes=5))
    assert active_pin(two.control, M, LATER + timedelta(minutes=4)) is not None
    assert active_pin(two.control, M, LATER + timedelta(minutes=5)) is None


def test_a_pinned_model_may_still_be_rolled_back(two):
    release_now(two, add_verdict(two, 2, champion=1), RolloutRules())
    pinned(two, generation=2)
    assert roll_back(two.control, M, 2, BY).to_version == 1
