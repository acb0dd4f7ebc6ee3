from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.errors import ConcurrentChangeError, NoChampionError, PromotionRefusedError, UnknownVersionError
from pipeline.gate.rules import VerdictStatus
from pipeline.records import JudgedVersion, Provenance
from pipeline.releases.promotion import pointer, promote, promotions, roll_back
from tests.pipeline.builders import NOON, add_verdict, add_version

M = "sms_spam"
HOUR = timedelta(hours=1)


def move(store, version, verdict_id, generation, **changes):
    judged = JudgedVersion(model=M, version=version, verdict_id=verdict_id, expected_generation=generation)
    return promote(store.control, judged, replace(Provenance(who="test", why="because", at=NOON + HOUR), **changes))


def back(store, generation, **changes):
    return roll_back(store.control, M, generation, replace(Provenance(who="test", why="worse", at=NOON), **changes))


@pytest.fixture
def three(settings, store):
    """Versions 1 to 3, of which 1 and then 2 have become champion."""
    for version in (1, 2, 3):
        add_version(settings, store, version)
    move(store, 1, add_verdict(store, 1, champion=None), 0)
    move(store, 2, add_verdict(store, 2, champion=1), 1)
    return store


def test_a_model_starts_without_a_champion(store):
    assert pointer(store.control, M) is None
    with pytest.raises(NoChampionError):
        back(store, 0)


def test_the_pointer_tells_champion_artefact_and_the_version_to_go_back_to(three):
    now = pointer(three.control, M)
    assert (now.version, now.generation, now.previous_version) == (2, 2, 1)
    assert len(now.artifact_sha256) == 64


def test_a_rollback_restores_the_previous_champion_and_then_there_is_none_before(three):
    back(three, 2)
    now = pointer(three.control, M)
    assert (now.version, now.generation, now.previous_version) == (1, 3, None)
    with pytest.raises(PromotionRefusedError, match="no earlier champion"):
        back(three, 3)


def test_after_a_rollback_the_next_champion_goes_back_to_the_restored_one(three):
    back(three, 2)
    move(three, 3, add_verdict(three, 3, champion=1), 3)
    assert pointer(three.control, M).previous_version == 1


@pytest.mark.parametrize("status", [VerdictStatus.FAILED, VerdictStatus.UNDECIDED, VerdictStatus.UNCHANGED])
def test_only_a_passed_verdict_promotes(three, status):
    with pytest.raises(PromotionRefusedError, match=status.value):
        move(three, 3, add_verdict(three, 3, champion=2, status=status), 2)
    assert pointer(three.control, M).version == 2


def test_a_verdict_promotes_only_the_version_it_judged(three):
    with pytest.raises(PromotionRefusedError, match="no verdict"):
        move(three, 3, add_verdict(three, 1, champion=2), 2)
    with pytest.raises(PromotionRefusedError, match="no verdict"):
        move(three, 3, "made-up", 2)


def test_a_verdict_against_an_earlier_champion_is_refused(three):
    with pytest.raises(PromotionRefusedError, match="another champion"):
        move(three, 3, add_verdict(three, 3, champion=1), 2)


def test_a_verdict_is_valid_for_a_day(three):
    verdict = add_verdict(three, 3, champion=2)
    with pytest.raises(PromotionRefusedError, match="older"):
        move(three, 3, verdict, 2, at=NOON + timedelta(hours=24, seconds=1))
    assert move(three, 3, verdict, 2, at=NOON + timedelta(hours=24)).to_version == 3


def test_an_unknown_version_is_named(three):
    with pytest.raises(UnknownVersionError, match="v9"):
        move(three, 9, "any", 2)


def test_a_move_that_was_decided_on_an_older_pointer_loses(three):
    verdict = add_verdict(three, 3, champion=2)
    with pytest.raises(ConcurrentChangeError):
        move(three, 3, verdict, 1)
    with pytest.raises(ConcurrentChangeError):
        back(three, 1)


def test_of_eight_at_once_one_moves_the_pointer(three):
    verdict = add_verdict(three, 3, champion=2)

    def attempt(i: int) -> bool:
        try:
            move(three, 3, verdict, 2, who=f"agent {i}")
        except (ConcurrentChangeError, PromotionRefusedError):
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1
    assert pointer(three.control, M).generation == 3


def test_a_decision_promotes_and_rolls_back_once_however_often_it_is_carried_out(three):
    verdict = add_verdict(three, 3, champion=2)
    first = move(three, 3, verdict, 2, decision_id="d1")
    assert move(three, 3, verdict, 2, decision_id="d1") == first
    undone = back(three, 3, decision_id="d2")
    assert back(three, 3, decision_id="d2") == undone
    assert [entry.generation for entry in promotions(three.control, M)] == [4, 3, 2, 1]


def test_every_move_says_who_and_why(three):
    newest = promotions(three.control, M)[0]
    assert (newest.who, newest.why, newest.from_version, newest.to_version) == ("test", "because", 1, 2)
