"""Rollouts that take longer than a verdict is valid: seldom asked models, stages of some days."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.errors import PromotionRefusedError
from pipeline.records import JudgedVersion, Provenance
from pipeline.releases.promotion import pointer, promote
from pipeline.releases.requirements import VERDICT_VALID_FOR
from pipeline.releases.rollout import RolloutRules, Stage, Strategy, Traffic
from pipeline.releases.rollout_events import EventKind
from pipeline.releases.rollout_store import advance, start_rollout
from tests.pipeline.builders import NOON, add_verdict, add_version

M = "sms_spam"
BY = Provenance(who="test", why="because", at=NOON)
SLOW = RolloutRules(
    strategy=Strategy.CANARY, stages=(Stage(traffic=Traffic.CANARY, share=0.05, min_minutes=3 * 24 * 60.0),)
)


@pytest.fixture
def passed(settings, store):
    """Version 1 is champion; the passed verdict by which version 2 may become it."""
    for version in (1, 2):
        add_version(settings, store, version)
    first = JudgedVersion(model=M, version=1, verdict_id=add_verdict(store, 1, champion=None), expected_generation=0)
    promote(store.control, first, BY)
    return JudgedVersion(model=M, version=2, verdict_id=add_verdict(store, 2, champion=1), expected_generation=1)


def after(hours: float) -> Provenance:
    return replace(BY, at=NOON + timedelta(hours=hours))


def test_a_rollout_that_outlives_its_verdict_ends_in_its_promotion(store, passed):
    rollout = start_rollout(store.control, passed, SLOW, after(1))
    done = advance(store.control, rollout, after(73))
    assert done.kind is EventKind.COMPLETED
    assert pointer(store.control, M).version == 2


def test_a_rollout_begins_only_while_its_verdict_is_fresh(store, passed):
    late = replace(BY, at=NOON + VERDICT_VALID_FOR + timedelta(seconds=1))
    with pytest.raises(PromotionRefusedError, match="older than"):
        start_rollout(store.control, passed, SLOW, late)
