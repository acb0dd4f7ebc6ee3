import random

import pytest

from pipeline.monitoring.looks import (
    CLEARLY,
    CONFIRMED_BY,
    FAR,
    clearly_beyond,
    distance,
    episodes,
    far_or_mean,
    mean_of_three,
    one_of_one,
    score_at,
    two_of_three,
)


@pytest.mark.parametrize(
    ("newest_first", "one", "two", "mean", "far"),
    [
        ([], False, False, False, False),
        ([0.2], True, False, False, False),
        ([0.15, 0.9], False, False, False, False),
        ([0.2, 0.1], True, False, False, False),
        ([0.3, 0.1], True, False, True, True),
        ([0.2, 0.05], True, False, False, False),
        ([0.2, 0.2], True, True, True, True),
        ([0.2, 0.0, 0.2], True, True, False, False),
        ([0.2, 0.1, 0.2], True, True, False, False),
        ([0.2, 0.18, 0.2], True, True, True, True),
        ([0.1, 0.9, 0.9], False, False, False, False),
        ([0.2, 0.0, 0.0, 0.9, 0.9], True, False, False, False),
        ([0.9], True, False, False, True),
        ([0.9, 0.0, 0.0], True, False, True, True),
        ([1.0], True, False, False, True),
    ],
)
def test_the_rules_look_at_the_newest_three_windows(newest_first, one: bool, two: bool, mean: bool, far: bool):
    distances = [distance(score) for score in newest_first]
    assert one_of_one(distances) is one
    assert two_of_three(distances) is two
    assert mean_of_three(distances) is mean
    assert far_or_mean(distances) is far
    assert clearly_beyond(distances) is (far or (one and sum(distances[:3]) / len(distances[:3]) > CLEARLY))


def test_a_window_acts_at_once_only_beyond_the_far_line():
    at, beyond = FAR, FAR * (1 + 1e-9)
    assert not far_or_mean([at])
    assert far_or_mean([beyond])
    assert not far_or_mean([at, 0.0, 0.0])


@pytest.mark.parametrize("line", [0.0, 0.05, 0.15, 0.5, 1.0])
def test_a_score_on_its_line_lies_at_one_and_no_line_is_out_of_range(line: float):
    assert distance(max(line, 1e-9), line) == pytest.approx(1)
    assert score_at(1, line) == pytest.approx(line, abs=1e-8)
    assert distance(0.0, line) == 0
    assert distance(1.0, line) >= 1


def test_every_setting_has_its_rule():
    assert {1: one_of_one, 2: two_of_three, 3: far_or_mean} == CONFIRMED_BY


def test_looks_that_stay_in_alarm_are_one_episode():
    assert episodes([0, 2, 2, 0, 2], one_of_one) == 2
    assert episodes([0, 2, 2, 2, 2], two_of_three) == 1
    assert episodes([], one_of_one) == 0


def test_the_mean_of_three_raises_a_handful_of_false_alarms_a_year_and_finds_clear_drift():
    rng = random.Random(1)

    def year(shift: float) -> list[float]:
        # The larger of two distances in units of the alarm distance, which is 2.33 standard deviations.
        return [max(0.0, shift + max(rng.gauss(0, 1), rng.gauss(0, 1)) / 2.33) for _ in range(8_760)]

    calm = year(0.0)
    assert episodes(calm, mean_of_three) <= episodes(calm, far_or_mean) <= 3
    assert 3 < episodes(calm, two_of_three) < episodes(calm, one_of_one) / 5
    drifted = year(1.5)
    for rule in (two_of_three, mean_of_three, far_or_mean):
        assert sum(rule(drifted[place : place + 3]) for place in range(8_000)) > 0.85 * 8_000
