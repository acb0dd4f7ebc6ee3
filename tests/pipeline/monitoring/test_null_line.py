import numpy as np
import pytest

from pipeline.monitoring.null_line import NullLine
from pipeline.monitoring.profile import Profile
from pipeline.monitoring.scale import score_of, z_of


def test_the_score_is_exactly_0_15_at_the_alarm_line():
    assert score_of(1.0) == 0.15
    assert not score_of(1.0) > 0.15
    assert score_of(1.0 + 1e-6) > 0.15


@pytest.mark.parametrize(("z", "score"), [(-3.0, 0.0), (0.0, 0.0), (1.61, 0.23), (1e6, 1.0)])
def test_the_scale_of_the_scores(z: float, score: float):
    assert score_of(z) == pytest.approx(score, abs=0.0005)
    assert score_of(z) <= 1


def test_a_score_goes_back_to_its_z():
    assert z_of(0.15) == pytest.approx(1)
    assert z_of(score_of(2.5)) == pytest.approx(2.5)


def test_the_alarm_value_of_each_statistic_scores_at_the_threshold(profile: Profile):
    line = NullLine.at(profile, 80)
    for threshold in (0.10, 0.15, 0.30):
        alarm = line.alarm_at(threshold)
        for place in range(6):
            raw = np.where(np.arange(6) == place, alarm, line.mean)
            assert max(line.scores(raw)) == pytest.approx(threshold)


def test_the_line_is_interpolated_in_the_logarithm_of_the_size(profile: Profile):
    sizes = profile.null_sizes
    between = NullLine.at(profile, round(float(np.sqrt(sizes[1] * sizes[3]))))
    assert between.mean == pytest.approx(profile.null_mean[:, 2], abs=1e-3)


def test_the_line_is_kept_beyond_the_largest_size(profile: Profile):
    largest, beyond = NullLine.at(profile, 200), NullLine.at(profile, 5000)
    assert beyond.size == 200
    assert beyond.alarm_at(0.15).tolist() == largest.alarm_at(0.15).tolist()


def test_larger_windows_detect_smaller_shares(profile: Profile):
    shares = [NullLine.at(profile, size).smallest_detectable_share(0.15) for size in (30, 50, 100, 200)]
    assert shares == sorted(shares, reverse=True)
    assert all(0 < share < 0.5 for share in shares)
