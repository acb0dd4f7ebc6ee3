import random

import pytest

from launch.scenario import FRESH, WINDOW, labelled, scenario
from pipeline.records import Row

LIVE = [Row(f"message {i}", i % 8 == 0) for i in range(1_139)]


def test_without_drift_every_burst_is_real_messages_and_none_is_sent_twice():
    plan = scenario(LIVE, drifts=False, rng=random.Random(0))
    assert (len(plan.calm), len(plan.second), len(plan.fresh)) == (WINDOW, WINDOW, FRESH)
    assert len({*plan.calm, *plan.second, *plan.fresh} & set(LIVE)) == 2 * WINDOW + FRESH
    assert (plan.campaign_share, plan.example) == (0.0, None)


def test_with_drift_the_stated_share_of_the_later_bursts_is_campaign():
    plan = scenario(LIVE, drifts=True, rng=random.Random(0))
    for burst in (plan.second, plan.fresh, plan.load):
        foreign = [row for row in burst if row not in set(LIVE)]
        assert len(foreign) / len(burst) == pytest.approx(plan.campaign_share)
        assert all(row.label == 1 for row in foreign)
    assert not {row.input for row in plan.second} & {row.input for row in plan.fresh}


def test_a_seed_repeats_the_story_and_another_one_changes_it():
    plans = [scenario(LIVE, drifts=True, rng=random.Random(seed)) for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]


def test_a_pool_that_is_too_small_is_said():
    with pytest.raises(ValueError, match="needs 1120"):
        scenario(LIVE[:1_000], drifts=False, rng=random.Random(0))


def test_the_stated_share_of_a_burst_is_labelled():
    assert len(set(labelled(500, random.Random(3)))) == 300
