"""Windows out of real stores: how many messages, which ones, and what drift they show."""

from agent.actions import Autonomy
from agent.decision import PolicyRules
from agent.evidence import DataStatus
from agent.observing.evidence import Observer
from agent.rules.policy import bounds
from pipeline.monitoring.causes import Cause
from pipeline.records import Provenance
from pipeline.releases.promotion import roll_back
from tests.agent.fakes import MODEL, NOON, Clock, add_champion
from tests.agent.observing.looking import HOUR, NEW_WORDS, SMALL, look, loop_over
from tests.agent.traffic import answered, artifact, labelled, texts


def test_without_a_champion_everything_is_unknown(settings, store):
    evidence = look(Observer(store, settings.artifact_dir, SMALL))
    assert evidence.champion.version is None
    assert (evidence.drift.status, evidence.drift.vocabulary_drift) == (DataStatus.NO_DATA, None)


def test_before_the_first_message_there_is_no_data(observer):
    assert look(observer).drift.status is DataStatus.NO_DATA
    assert look(observer).accuracy.status is DataStatus.NO_DATA


def test_twenty_nine_messages_are_too_few_and_thirty_are_enough(world, observer):
    answered(world, texts(29, 2), NOON)
    few = look(observer).drift
    assert (few.status, few.vocabulary_drift, few.tfidf_drift) == (DataStatus.TOO_FEW, None, None)
    answered(world, texts(1, 3), NOON)
    enough = look(observer).drift
    assert enough.status is DataStatus.LOW_POWER
    assert enough.vocabulary_drift is not None


def test_messages_of_the_same_kind_are_no_drift_and_of_another_kind_are(world, observer):
    answered(world, texts(100, 4), NOON)
    assert max(look(observer).drift.vocabulary_drift, look(observer).drift.tfidf_drift) <= 0.15
    answered(world, texts(100, 5, NEW_WORDS), NOON)
    assert look(observer).drift.vocabulary_drift > 0.15


def test_messages_that_have_stopped_are_stale_and_carry_no_scores(world, observer):
    ids = answered(world, texts(100, 5, NEW_WORDS), NOON)
    labelled(world, ids, wrong=50, at=NOON)
    evidence = look(observer, hours=48.1)
    assert (evidence.drift.status, evidence.drift.vocabulary_drift) == (DataStatus.STALE, None)
    assert (evidence.accuracy.status, evidence.accuracy.p_below_floor) == (DataStatus.STALE, None)
    assert look(observer, hours=47.9).drift.vocabulary_drift is not None


def test_a_scheduled_window_waits_until_it_is_full_or_a_day_old(world, observer):
    answered(world, texts(99, 6), NOON)
    assert look(observer, scheduled=True).drift.status is DataStatus.FILLING
    assert look(observer, hours=24, scheduled=True).drift.status is DataStatus.LOW_POWER
    answered(world, texts(1, 7), NOON)
    assert look(observer, scheduled=True).drift.status is DataStatus.SUFFICIENT


def test_scheduled_windows_are_disjoint_and_manual_checks_use_none_up(settings, world):
    answered(world, texts(250, 8), NOON)
    clock = Clock(NOON + HOUR)
    loop = loop_over(settings, world, clock)
    loop.check()
    seen = [loop.check(scheduled=True).decision.evidence.drift for _ in range(3)]
    assert [(drift.from_seq, drift.to_seq) for drift in seen] == [(1, 100), (101, 200), (201, 250)]
    assert [drift.status for drift in seen] == [DataStatus.SUFFICIENT, DataStatus.SUFFICIENT, DataStatus.FILLING]


def test_windows_restart_at_a_promotion(settings, world, observer):
    answered(world, texts(100, 5, NEW_WORDS), NOON)
    add_champion(world, artifact(settings.artifact_dir), at=NOON + HOUR)
    assert look(observer, hours=2).drift.status is DataStatus.NO_DATA


def test_after_a_rollback_messages_of_the_earlier_service_are_left_out(settings, world, observer):
    answered(world, texts(100, 5, NEW_WORDS), NOON)
    add_champion(world, artifact(settings.artifact_dir), at=NOON + HOUR)
    back = NOON + 2 * HOUR
    roll_back(world.control, MODEL, 2, Provenance(who="x", why="x", at=back))
    assert look(observer, hours=3).drift.status is DataStatus.NO_DATA
    answered(world, texts(40, 9), back + HOUR)
    assert look(observer, hours=4).drift.messages == 40


def test_confirmation_counts_scheduled_windows_of_this_generation(settings, world):
    answered(world, texts(300, 5, NEW_WORDS), NOON)
    loop = loop_over(settings, world, Clock(NOON + HOUR), autonomy=Autonomy.OBSERVE)
    loop.check()
    counts = [loop.check(scheduled=True).decision.evidence.drift.scheduled_breaches for _ in range(3)]
    assert counts == [1, 2, 3]
    manual = loop.check().decision.evidence.drift
    assert (manual.scheduled_windows, manual.scheduled_breaches) == (3, 3)


def test_a_scheduled_look_knows_the_two_windows_before_it_and_a_look_by_hand_none(settings, world):
    answered(world, texts(400, 5, NEW_WORDS), NOON)
    loop = loop_over(settings, world, Clock(NOON + HOUR), autonomy=Autonomy.OBSERVE)
    assert loop.check().decision.evidence.drift.earlier_windows is None
    seen = [loop.check(scheduled=True).decision.evidence.drift for _ in range(4)]
    earlier = [[window.vocabulary_drift for window in drift.earlier_windows] for drift in seen]
    scores = [drift.vocabulary_drift for drift in seen]
    assert earlier == [[], scores[:1], scores[1::-1], scores[2:0:-1]]


def test_what_the_answers_say_reaches_the_evidence_of_a_version_with_held_out_answers(settings, store):
    add_champion(store, artifact(settings.artifact_dir, held_out=True))
    observer = Observer(store, settings.artifact_dir, SMALL)
    answered(store, texts(100, 5), NOON, answer=(1, 0.9))
    evidence = look(observer)
    assert evidence.drift.score_shift > 0.15
    assert Cause.CLASS_MIX in evidence.drift.causes
    assert evidence.drift.vocabulary_drift < 0.15
    limits = bounds(evidence, PolicyRules(monitoring=SMALL.monitoring, retraining=SMALL.retraining))
    assert (limits.required, limits.breach) == (frozenset(), False)
    assert "say_when_answers_shift" in [fired.rule for fired in limits.fired]
