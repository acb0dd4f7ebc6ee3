"""The command `release`: by which rules, and how it learns what became of the rollout."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest

from pipeline.commands.releasing import ended, rules_for
from pipeline.errors import RefitError
from pipeline.records import JudgedVersion, Provenance
from pipeline.releases.promotion import pointer, promote
from pipeline.releases.rollout import Guards, RolloutRules, Stage, Strategy, Traffic
from pipeline.releases.rollout_events import EventKind
from pipeline.releases.rollout_store import advance, cancel, start_rollout, take_back
from tests.pipeline.builders import NOON, add_verdict, add_version

BY = Provenance(who="test", why="because", at=NOON + timedelta(hours=1))


@pytest.fixture
def shadowed(settings, store):
    """A rollout of version 2 in the shadow of version 1."""
    for version in (1, 2):
        add_version(settings, store, version)
    promote(store.control, _judged(1, add_verdict(store, 1, champion=None), 0), BY)
    rules = RolloutRules(strategy=Strategy.SHADOW)
    return start_rollout(store.control, _judged(2, add_verdict(store, 2, champion=1), 1), rules, BY)


def _judged(version, verdict_id, generation):
    return JudgedVersion(model="sms_spam", version=version, verdict_id=verdict_id, expected_generation=generation)


@pytest.mark.parametrize(
    ("move", "kind", "champion"),
    [(advance, EventKind.COMPLETED, 2), (take_back, EventKind.ROLLED_BACK, 1), (cancel, EventKind.CANCELLED, 1)],
)
def test_it_waits_until_a_service_has_carried_the_rollout_to_its_end(store, shadowed, move, kind, champion):
    later = replace(BY, at=BY.at + timedelta(minutes=1))
    service = Thread(target=lambda: move(store.control, shadowed, later))
    service.start()
    assert ended(store.control, shadowed, seconds=60) is kind
    service.join()
    assert pointer(store.control, "sms_spam").version == champion


def test_a_rollout_that_outlasts_the_wait_is_said_to_go_on(store, shadowed):
    with pytest.raises(RefitError, match=r"still runs .* at stage 1 of 1"):
        ended(store.control, shadowed, seconds=0)


def test_another_strategy_brings_its_own_stages_and_keeps_the_models_guards():
    guards = Guards(max_disagreement=0.02)
    stages = (Stage(traffic=Traffic.CANARY, share=0.1),)
    of_the_model = RolloutRules(strategy=Strategy.CANARY, stages=stages, guards=guards)
    assert rules_for(of_the_model, None) is of_the_model
    assert rules_for(of_the_model, Strategy.CANARY) is of_the_model
    shadow = rules_for(of_the_model, Strategy.SHADOW)
    assert [stage.traffic for stage in shadow.plan] == [Traffic.SHADOW]
    assert shadow.guards is guards
