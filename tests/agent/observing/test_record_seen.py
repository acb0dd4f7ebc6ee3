"""What the record says about now: challengers, attempts, breaches, approvals, answered drift."""

import pytest

from agent.actions import Action, Autonomy, Headline
from pipeline.gate.rules import VerdictStatus
from pipeline.records import JudgedVersion, Provenance
from pipeline.releases.promotion import pointer, roll_back
from pipeline.releases.rollout import RolloutRules, Strategy
from pipeline.releases.rollout_store import start_rollout, take_back
from tests.agent.fakes import MODEL, NOON, Clock, FakeHands, add_champion, add_verdict, add_version
from tests.agent.observing.looking import HOUR, NEW_WORDS, look, loop_over
from tests.agent.traffic import answered, artifact, labelled, texts


def test_the_newest_version_is_the_challenger_with_its_newest_verdict(world, observer):
    assert look(observer).challenger is None
    version = add_version(world)
    add_verdict(world, version, against=1, status=VerdictStatus.FAILED)
    verdict_id = add_verdict(world, version, against=1, at=NOON + HOUR)
    found = look(observer, hours=3).challenger
    assert (found.version, found.verdict_id, found.verdict, found.judged_against) == (
        2,
        verdict_id,
        VerdictStatus.PASSED,
        1,
    )
    assert found.verdict_age_hours == pytest.approx(2.0)


def test_a_version_that_was_rolled_back_is_not_promoted_again(settings, world):
    add_champion(world, artifact(settings.artifact_dir))
    roll_back(world.control, MODEL, 2, Provenance(who="x", why="x", at=NOON))
    made = loop_over(settings, world, Clock(NOON + HOUR)).check()
    assert made.decision.evidence.challenger.served_before
    assert Action.PROMOTE not in made.decision.bounds.permitted
    assert pointer(world.control, MODEL).version == 1


def test_the_previous_champion_is_known_by_the_labels_of_its_own_messages(settings, world, observer):
    ids = answered(world, texts(100, 12), NOON)
    labelled(world, ids, wrong=0, at=NOON)
    add_champion(world, artifact(settings.artifact_dir), at=NOON + HOUR)
    champion = look(observer, hours=2).champion
    assert champion.previous_version == 1
    assert champion.previous_p_below_floor < 0.025


def test_attempts_failures_and_breaches_come_out_of_the_ledger(settings, world):
    ids = answered(world, texts(100, 5, NEW_WORDS), NOON)
    labelled(world, [*ids], wrong=10, at=NOON + HOUR)
    clock = Clock(NOON + 2 * HOUR)
    hands = FakeHands(world, settings.root / "diary", verdict=VerdictStatus.FAILED)
    loop = loop_over(settings, world, clock, hands=hands)
    assert loop.check().decision.headline is Headline.RETRAIN
    clock.forward(hours=3)
    again = loop.check().decision
    assert again.headline is Headline.ALERT
    training, history = again.evidence.training, again.evidence.history
    assert (training.hours_since_attempt, training.attempts_last_day, training.fruitless_in_a_row) == (3.0, 1, 1)
    assert training.new_labels == 0  # that training has seen them
    assert history.unresolved_breach_hours == pytest.approx(3.0)


def drifted_and_refused(settings, world, clock):
    """A loop whose retraining for drift did not pass the gate, while labels clear the champion."""
    ids = answered(world, texts(100, 5, NEW_WORDS), NOON)
    labelled(world, ids, wrong=0, at=NOON + HOUR)
    hands = FakeHands(world, settings.root / "diary", verdict=VerdictStatus.FAILED)
    return loop_over(settings, world, clock, hands=hands)


def test_drift_that_a_retraining_has_answered_rests_while_labels_clear_the_model(settings, world):
    clock = Clock(NOON + 2 * HOUR)
    loop = drifted_and_refused(settings, world, clock)
    first = loop.check().decision
    assert (first.headline, first.evidence.history.answered_drift) == (Headline.RETRAIN, None)
    clock.forward(hours=7)
    assert loop.check().decision.evidence.history.answered_drift is None  # no label has come since
    ids = answered(world, texts(100, 15, NEW_WORDS), clock())
    labelled(world, ids, wrong=0, at=clock())
    for again in (loop.check().decision, loop.check().decision):
        assert again.headline is Headline.NO_ACTION
        assert again.evidence.history.answered_drift.vocabulary_drift == first.evidence.drift.vocabulary_drift
        assert "rest_when_a_retraining_has_answered_this_drift" in {fired.rule for fired in again.bounds.fired}


def test_drift_that_rests_wakes_when_labels_do_not_clear_the_model_any_more(settings, world):
    clock = Clock(NOON + 2 * HOUR)
    loop = drifted_and_refused(settings, world, clock)
    loop.check()
    clock.forward(hours=7)
    labelled(world, answered(world, texts(100, 15, NEW_WORDS), clock()), wrong=0, at=clock())
    assert loop.check().decision.headline is Headline.NO_ACTION
    labelled(world, answered(world, texts(100, 16, NEW_WORDS), clock()), wrong=10, at=clock())
    assert loop.check().decision.headline is Headline.RETRAIN


def test_a_new_champion_has_a_reference_of_its_own_and_nothing_is_answered_yet(settings, world):
    clock = Clock(NOON + 2 * HOUR)
    loop = drifted_and_refused(settings, world, clock)
    loop.check()
    add_champion(world, artifact(settings.artifact_dir), at=clock() + HOUR)
    clock.forward(hours=2)
    answered(world, texts(100, 16, NEW_WORDS), clock())
    assert loop.check().decision.evidence.history.answered_drift is None


def test_a_training_by_a_person_releases_the_brake(settings, world):
    ids = answered(world, texts(100, 5, NEW_WORDS), NOON)
    labelled(world, ids, wrong=0, at=NOON + HOUR)
    clock = Clock(NOON + 2 * HOUR)
    hands = FakeHands(world, settings.root / "diary", verdict=VerdictStatus.FAILED)
    loop = loop_over(settings, world, clock, hands=hands)
    loop.check()
    add_version(world, at=clock() + HOUR)
    clock.forward(hours=2)
    assert loop.check().decision.evidence.training.fruitless_in_a_row == 0


def test_a_pending_approval_is_evidence_until_it_expires(settings, world):
    ids = answered(world, texts(100, 5, NEW_WORDS), NOON)
    labelled(world, ids, wrong=0, at=NOON + HOUR)
    clock = Clock(NOON + 2 * HOUR)
    loop = loop_over(settings, world, clock, autonomy=Autonomy.PROPOSE)
    loop.check()
    assert loop.check().decision.evidence.history.waiting_for_approval == (Action.RETRAIN,)
    clock.forward(hours=24)
    assert loop.check().decision.evidence.history.waiting_for_approval == ()


def test_a_running_rollout_and_one_that_was_taken_back_are_evidence(settings, world, observer):
    version = add_version(world)
    verdict_id = add_verdict(world, version, against=1, at=NOON)
    begun = start_rollout(
        world.control,
        JudgedVersion(model=MODEL, version=version, verdict_id=verdict_id, expected_generation=1),
        RolloutRules(strategy=Strategy.CANARY),
        Provenance(who="test", why="to try it", at=NOON + HOUR),
    )
    seen = look(observer, hours=3)
    assert (seen.rollout.version, seen.rollout.stage, seen.rollout.stages) == (2, 1, 3)
    assert seen.rollout.hours_since_begun == 2.0
    assert seen.challenger.taken_back is None
    take_back(world.control, begun, Provenance(who="serving", why="errors", at=NOON + 4 * HOUR))
    after = look(observer, hours=5)
    assert (after.rollout, after.challenger.taken_back) == (None, True)
