"""The rules of a rollout, on both sides of each line, and how often they are right on simulated traffic."""

import random

import pytest

from pipeline.monitoring.accuracy import wilson
from pipeline.releases.rollout import (
    STAGES,
    Arm,
    GuardOutcome,
    Guards,
    Move,
    RolloutRules,
    Stage,
    StageFigures,
    Strategy,
    Traffic,
    difference,
    ks_distance,
    look_is_due,
    next_step,
)

SHADOW = Stage(traffic=Traffic.SHADOW, min_requests=100)
GUARDS = Guards()


def figures(**changes):
    quiet = {
        "minutes": 1.0,
        "asked": 100,
        "errors": 0,
        "pairs": 100,
        "disagreements": 2,
        "score_shift": 0.05,
        "challenger_p95_ms": 0.05,
        "champion_p95_ms": 0.05,
        "labelled": 0,
    }
    return StageFigures(**quiet | changes)


def outcome(guard, **changes):
    step = next_step(SHADOW, GUARDS, figures(**changes))
    return next(result.outcome for result in step.guards if result.guard == guard)


def test_enough_quiet_traffic_advances():
    assert next_step(SHADOW, GUARDS, figures()).move is Move.ADVANCE


@pytest.mark.parametrize(
    ("stage", "changes", "words"),
    [
        (SHADOW, {"pairs": 99}, "99 of 100 requests"),
        (Stage(traffic=Traffic.SHADOW, min_minutes=2), {"minutes": 1.9}, "1.9 of 2 minutes"),
        (Stage(traffic=Traffic.SHADOW, min_labels=30), {"labelled": 29}, "29 of 30 labels"),
        (Stage(traffic=Traffic.SHADOW, min_labels=30), {"labelled": None}, "an unknown number of 30 labels"),
    ],
)
def test_a_stage_that_has_not_seen_enough_holds_and_says_what_is_missing(stage, changes, words):
    step = next_step(stage, GUARDS, figures(**changes))
    assert step.move is Move.HOLD
    assert words in step.reasons[0]


@pytest.mark.parametrize(
    ("guard", "held", "breached"),
    [
        ("errors", {"errors": 1, "asked": 500}, {"errors": 3, "asked": 10}),
        ("latency", {"challenger_p95_ms": 5.0}, {"challenger_p95_ms": 5.1}),
        ("disagreement", {"disagreements": 17}, {"disagreements": 21}),
        ("score_shift", {"score_shift": 0.38}, {"score_shift": 0.39}),
        ("label_accuracy", {"labelled": 100, "won": 2, "lost": 9}, {"labelled": 100, "won": 0, "lost": 12}),
    ],
)
def test_a_guard_holds_on_one_side_of_its_line_and_is_breached_on_the_other(guard, held, breached):
    assert outcome(guard, **held) is GuardOutcome.HELD
    assert outcome(guard, **breached) is GuardOutcome.BREACHED
    step = next_step(SHADOW, GUARDS, figures(**breached))
    assert step.move is Move.ROLL_BACK
    assert len(step.reasons) == 1


def test_a_breach_counts_before_a_stage_has_seen_enough():
    assert next_step(SHADOW, GUARDS, figures(asked=5, errors=5, pairs=0)).move is Move.ROLL_BACK


def test_two_breaches_are_both_said():
    step = next_step(SHADOW, GUARDS, figures(errors=50, disagreements=90))
    assert (step.move, len(step.reasons)) == (Move.ROLL_BACK, 2)


@pytest.mark.parametrize(
    ("guard", "changes"),
    [
        ("errors", {"asked": 0, "pairs": 0}),
        ("latency", {"challenger_p95_ms": None}),
        ("disagreement", {"pairs": 29, "disagreements": 29}),
        ("score_shift", {"score_shift": None}),
        ("label_accuracy", {"labelled": 29, "lost": 29}),
        ("label_accuracy", {"labelled": None}),
    ],
)
def test_too_little_is_no_data_never_a_breach(guard, changes):
    assert outcome(guard, **changes) is GuardOutcome.NO_DATA


def test_a_slow_champion_allows_a_slow_challenger():
    assert outcome("latency", champion_p95_ms=4.0, challenger_p95_ms=12.0) is GuardOutcome.HELD
    assert outcome("latency", champion_p95_ms=4.0, challenger_p95_ms=12.1) is GuardOutcome.BREACHED


def test_every_strategy_but_direct_has_stages_and_each_begins_with_the_champion_serving():
    assert RolloutRules().plan == ()
    for strategy in set(Strategy) - {Strategy.DIRECT}:
        assert RolloutRules(strategy=strategy).plan[0].traffic is not Traffic.ALL


def test_a_model_may_state_its_own_stages():
    assert RolloutRules(strategy=Strategy.CANARY, stages=(SHADOW,)).plan == (SHADOW,)


def test_the_distance_of_scores_is_that_of_their_distributions():
    assert ks_distance([0.1, 0.2], [0.1, 0.2]) == 0.0
    assert ks_distance([0.1, 0.2], [0.8, 0.9]) == 1.0
    assert ks_distance([0.1, 0.9], [0.1, 0.1]) == 0.5
    assert ks_distance([], [0.5]) is None


def arm(labelled, correct):
    return Arm(version=1, answered=1_000, positive=100, labelled=labelled, correct=correct)


def test_the_difference_of_two_arms_is_newcombes():
    # Newcombe (1998), table II, (a): 56/70 against 48/80 gives 0.0524 to 0.3339.
    found = difference(arm(70, 56), arm(80, 48))
    assert found == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def test_the_difference_is_unknown_while_an_arm_has_no_label():
    assert difference(arm(0, 0), arm(80, 48)) is None
    assert arm(0, 0).accuracy is None


@pytest.mark.parametrize(("seen", "last", "due"), [(29, 0, False), (30, 0, True), (44, 30, False), (45, 30, True)])
def test_looks_lie_half_as_much_evidence_apart(seen, last, due):
    assert look_is_due(seen, last) is due


def rolls_back(seed, disagree, right_share, label_share=0.1):
    """A shadow stage of 1,000 requests; on those that differ the challenger is right with `right_share`."""
    stage = STAGES[Strategy.SHADOW][0]
    rng = random.Random(seed)
    seen = {"pairs": 0, "disagreements": 0, "labelled": 0, "won": 0, "lost": 0}
    old, new, last = [], [], 0
    for _ in range(1_000):
        score = rng.betavariate(0.3, 1.5)
        old.append(score)
        new.append(score ** rng.uniform(0.9, 1.1))
        seen["pairs"] += 1
        differs = rng.random() < disagree
        seen["disagreements"] += differs
        if rng.random() < label_share:
            seen["labelled"] += 1
            right = rng.random() < right_share
            seen["won"] += differs and right
            seen["lost"] += differs and not right
        if look_is_due(seen["pairs"], last):
            last = seen["pairs"]
            found = figures(asked=seen["pairs"], score_shift=ks_distance(old, new), **seen)
            if next_step(stage, GUARDS, found).move is Move.ROLL_BACK:
                return True
    return False


def test_an_equal_version_is_rolled_back_in_at_most_two_of_a_hundred_rollouts():
    assert sum(rolls_back(seed, 0.03, 0.5) for seed in range(100)) <= 2


def test_a_version_that_answers_one_in_five_otherwise_is_caught_nearly_always():
    assert sum(rolls_back(seed, 0.20, 0.5) for seed in range(50)) >= 48


def test_a_version_nine_points_worse_is_caught_by_labels_alone():
    assert sum(rolls_back(seed, 0.09, 0.0, label_share=0.3) for seed in range(50)) >= 48


def test_the_looks_use_the_interval_that_they_say():
    low, _ = wilson(20, 100, 0.99)
    result = next(r for r in next_step(SHADOW, GUARDS, figures(disagreements=20)).guards if r.guard == "disagreement")
    assert result.interval is not None
    assert result.interval[0] == low
