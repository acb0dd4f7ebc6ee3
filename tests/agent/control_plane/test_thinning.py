"""Thinning a long history: few windows are left, they are real ones, and no breach is lost."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.control_plane.views.thinning import Glance, shown
from tests.agent.fakes import NOON

HOUR = timedelta(hours=1)
SCORE = st.none() | st.floats(0, 1)


def year(drift=lambda hour: 0.02, accuracy=lambda hour: None):
    return [
        Glance(seq=hour + 1, at=NOON + hour * HOUR, drift=drift(hour), accuracy=accuracy(hour)) for hour in range(8_760)
    ]


def test_a_short_history_is_shown_whole():
    assert shown(year()[:300], 300) == list(range(1, 301))
    assert shown([], 300) == []


def test_a_year_of_hours_is_a_few_hundred_windows_from_end_to_end():
    found = shown(year(), 300)
    assert len(found) <= 300
    assert found == sorted(found)
    assert found[0] < 100
    assert found[-1] == 8_760


def test_the_one_breach_of_a_year_is_shown():
    found = shown(year(drift=lambda hour: 0.4 if hour == 5_001 else 0.02), 300)
    assert 5_002 in found


def test_the_one_drop_of_accuracy_is_shown():
    found = shown(year(accuracy=lambda hour: 0.71 if hour == 77 else 0.98), 300)
    assert 78 in found


def test_windows_that_say_nothing_do_not_hide_those_that_do():
    found = shown(year(drift=lambda hour: 0.0 if hour % 20 == 7 else None), 300)
    assert sum((seq - 1) % 20 == 7 for seq in found) >= 140


@given(st.lists(st.tuples(st.integers(0, 500), SCORE, SCORE), min_size=1, max_size=400), st.integers(10, 60))
def test_whatever_the_history_the_limit_holds_and_the_worst_window_is_shown(history, most):
    times = sorted(minutes for minutes, _, _ in history)
    glances = [
        Glance(seq=place, at=NOON + timedelta(minutes=times[place]), drift=drift, accuracy=accuracy)
        for place, (_, drift, accuracy) in enumerate(history)
    ]
    found = shown(glances, most)
    assert len(found) <= most
    assert found == sorted(set(found))
    assert found[-1] == glances[-1].seq
    known = [glance.drift for glance in glances if glance.drift is not None]
    if known:
        assert max(known) in [glances[seq].drift for seq in found]
