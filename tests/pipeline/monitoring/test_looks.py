import random

import pytest

from pipeline.monitoring.looks import episodes, mean_of_three, one_of_one, two_of_three
from pipeline.monitoring.scale import score_of


@pytest.mark.parametrize(
    ("newest_first", "one", "two", "mean"),
    [
        ([], False, False, False),
        ([0.2], True, False, False),
        ([0.15, 0.9], False, False, False),
        ([0.2, 0.1], True, False, False),
        ([0.3, 0.1], True, False, True),
        ([0.2, 0.05], True, False, False),
        ([0.2, 0.2], True, True, True),
        ([0.2, 0.0, 0.2], True, True, False),
        ([0.2, 0.1, 0.2], True, True, False),
        ([0.2, 0.18, 0.2], True, True, True),
        ([0.1, 0.9, 0.9], False, False, False),
        ([0.2, 0.0, 0.0, 0.9, 0.9], True, False, False),
    ],
)
def test_the_rules_look_at_the_newest_three_windows(newest_first, one: bool, two: bool, mean: bool):
    assert one_of_one(newest_first) is one
    assert two_of_three(newest_first) is two
    assert mean_of_three(newest_first) is mean


def test_looks_that_stay_in_alarm_are_one_episode():
    assert episodes([0.0, 0.2, 0.2, 0.0, 0.2], one_of_one) == 2
    assert episodes([0.0, 0.2, 0.2, 0.2, 0.2], two_of_three) == 1
    assert episodes([], one_of_one) == 0


def test_the_mean_of_three_raises_a_handful_of_false_alarms_a_year_and_finds_clear_drift():
    rng = random.Random(1)

    def year(shift: float) -> list[float]:
        # The larger of two distances in units of the alarm distance, which is 2.33 standard deviations.
        return [score_of(shift + max(rng.gauss(0, 1), rng.gauss(0, 1)) / 2.33) for _ in range(8_760)]

    calm = year(0.0)
    assert episodes(calm, mean_of_three) <= 3 < episodes(calm, two_of_three) < episodes(calm, one_of_one) / 5
    drifted = year(1.5)
    for rule in (two_of_three, mean_of_three):
        assert sum(rule(drifted[place : place + 3]) for place in range(8_000)) > 0.85 * 8_000
