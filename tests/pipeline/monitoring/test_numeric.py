import json
from time import process_time

import numpy as np
import pytest

from pipeline.monitoring.drift_report import WindowStatus
from pipeline.monitoring.numeric import NumericProfile, build_numeric_profile, measure_numeric_drift

FEATURES = tuple(f"feature {place}" for place in range(30))


def normal_rows(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, len(FEATURES)))


@pytest.fixture(scope="module")
def profile() -> NumericProfile:
    return build_numeric_profile(normal_rows(2_000, 1), FEATURES)


@pytest.mark.parametrize("size", [50, 100, 200, 500])
def test_calm_windows_rarely_alarm_at_any_size(profile: NumericProfile, size: int):
    reports = [measure_numeric_drift(profile, normal_rows(size, 1_000 * size + turn)) for turn in range(60)]
    # At 4% a window, more than 8 of 60 has a probability below one in a thousand.
    assert sum(bool(report.drift_detected) for report in reports) <= 8


@pytest.mark.parametrize("size", [100, 200, 500])
def test_half_a_standard_deviation_in_five_of_thirty_features_is_found(profile: NumericProfile, size: int):
    for turn in range(20):
        rows = normal_rows(size, 50 + turn)
        rows[:, :5] += 0.5
        report = measure_numeric_drift(profile, rows)
        assert report.drift_detected
        assert report.numeric_drift > 0.15
        assert set(report.shifted) & set(FEATURES[:5])


def test_the_detectable_shift_is_detected_in_nine_windows_of_ten(profile: NumericProfile):
    shift = measure_numeric_drift(profile, normal_rows(200, 5)).smallest_detectable_sd
    found = 0
    for turn in range(60):
        rows = normal_rows(200, 900 + turn)
        rows[:, 7] += shift
        found += bool(measure_numeric_drift(profile, rows).drift_detected)
    assert found >= 45


def test_a_spread_that_changes_is_drift_though_the_mean_stays(profile: NumericProfile):
    assert measure_numeric_drift(profile, normal_rows(300, 4) * 2).drift_detected


def test_missing_values_that_come_up_are_drift(profile: NumericProfile):
    rows = normal_rows(200, 6)
    rows[:60, 3] = np.nan
    report = measure_numeric_drift(profile, rows)
    assert report.shifted == (FEATURES[3],)


@pytest.mark.parametrize(
    ("rows", "status"),
    [(0, WindowStatus.NO_DATA), (29, WindowStatus.INSUFFICIENT), (30, WindowStatus.LOW_POWER), (100, WindowStatus.OK)],
)
def test_the_status_follows_the_number_of_rows(profile: NumericProfile, rows: int, status: WindowStatus):
    report = measure_numeric_drift(profile, normal_rows(rows, 2))
    assert report.status is status
    assert (report.drift_detected is None) == (report.numeric_drift is None) == (rows < 30)
    json.dumps(report.as_dict(), allow_nan=False)
    assert all(sentence.endswith(".") for sentence in report.explanation)


def test_the_order_of_the_rows_changes_nothing(profile: NumericProfile):
    rows = normal_rows(120, 9)
    assert measure_numeric_drift(profile, rows[::-1]) == measure_numeric_drift(profile, rows)


def test_repeated_rows_are_told(profile: NumericProfile):
    assert measure_numeric_drift(profile, np.repeat(normal_rows(40, 3), 2, axis=0)).duplicate_rate == 0.5


def test_a_feature_that_never_varies_neither_alarms_nor_fails():
    rows = normal_rows(500, 1)
    rows[:, 0] = 3.0
    profile = build_numeric_profile(rows, FEATURES)
    window = normal_rows(100, 2)
    window[:, 0] = 3.0
    readings = {reading.feature: reading for reading in measure_numeric_drift(profile, window).readings}
    assert readings[FEATURES[0]].raw == 0


def test_a_profile_survives_the_artefact(profile: NumericProfile):
    again = NumericProfile.from_tensors(profile.to_tensors())
    window = normal_rows(100, 3)
    assert measure_numeric_drift(again, window) == measure_numeric_drift(profile, window)
    assert sum(tensor.nbytes for tensor in profile.to_tensors().values()) < 300_000
    with pytest.raises(ValueError, match="another number of features"):
        NumericProfile.from_tensors(profile.to_tensors() | {"values": profile.values[:, :3]})


def test_other_columns_than_the_features_are_refused(profile: NumericProfile):
    with pytest.raises(ValueError, match="30 features"):
        measure_numeric_drift(profile, normal_rows(50, 1)[:, :29])
    with pytest.raises(ValueError, match="needs rows"):
        build_numeric_profile(np.empty((0, 30)), FEATURES)


def test_five_hundred_rows_of_thirty_features_take_at_most_10_ms(profile: NumericProfile):
    rows, times = normal_rows(500, 8), []
    for _ in range(9):
        start = process_time()
        measure_numeric_drift(profile, rows)
        times.append(process_time() - start)
    assert sorted(times)[4] < 0.010
