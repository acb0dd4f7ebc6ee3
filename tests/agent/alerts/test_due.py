"""Order, quiet hours and waiting: pure decisions about what may go out."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.alerts.due import LONGEST_ASKED, LONGEST_WAIT, Waiting, due, has_come, wait_after
from agent.alerts.notice import Severity
from agent.alerts.quiet import quiet_hours
from tests.agent.alerts.builders import ANY

ON_POSTGRESQL_TOO = True

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
INFO, WARNING, CRITICAL = Severity


def waiting(seq, thread="a", severity=WARNING, late=0.0):
    return Waiting(seq=seq, thread=thread, severity=severity, next_attempt_at=NOON + timedelta(seconds=late))


rows = st.lists(
    st.builds(
        waiting,
        seq=st.integers(1, 1_000),
        thread=st.sampled_from("abcd"),
        severity=st.sampled_from(Severity),
        late=st.sampled_from([-5.0, 0.0, 5.0]),
    ),
    max_size=30,
    unique_by=lambda row: row.seq,
)


@ANY
@given(rows, st.booleans())
def test_only_the_first_of_a_thread_is_ever_due(queued, quiet):
    found = due(queued, NOON, quiet=quiet)
    assert len({one.thread for one in found}) == len(found)
    for one in found:
        assert one.seq == min(row.seq for row in queued if row.thread == one.thread)
        assert one.next_attempt_at <= NOON


@ANY
@given(rows)
def test_in_quiet_hours_a_thread_moves_only_for_something_critical(queued):
    loud = {row.thread for row in queued if row.severity is CRITICAL}
    assert {one.thread for one in due(queued, NOON, quiet=True)} <= loud


def test_something_critical_takes_what_came_before_it_along_in_order():
    queued = [waiting(1, severity=INFO), waiting(2, severity=CRITICAL), waiting(3, "b", INFO)]
    assert [one.seq for one in due(queued, NOON, quiet=True)] == [1]
    assert [one.seq for one in due(queued[1:], NOON, quiet=True)] == [2]


def test_a_notice_that_failed_gives_way_to_those_that_wait_longer():
    queued = [waiting(1, "a", late=-1.0), waiting(2, "b", late=-9.0)]
    assert [one.seq for one in due(queued, NOON, quiet=False)] == [2, 1]


@ANY
@given(st.integers(1, 10_000))
def test_waits_grow_to_half_a_minute_and_no_further(attempts):
    assert timedelta(0) < wait_after(attempts) <= LONGEST_WAIT
    assert wait_after(attempts) <= wait_after(attempts + 1)


def test_a_wait_that_the_channel_asks_for_is_kept():
    assert wait_after(1, timedelta(seconds=45)) == timedelta(seconds=45)
    assert wait_after(10, timedelta(seconds=0)) == LONGEST_WAIT


def test_no_wait_is_longer_than_an_hour_and_one_that_seems_so_is_of_a_clock_that_was_put_back_since():
    assert wait_after(1, timedelta(days=1)) == LONGEST_ASKED
    assert not has_come(NOON + LONGEST_ASKED, NOON)
    assert has_come(NOON + 3 * LONGEST_ASKED, NOON)


@pytest.mark.parametrize(
    ("text", "hour", "minute", "quiet"),
    [
        ("22:00-07:00", 21, 59, False),
        ("22:00-07:00", 22, 0, True),
        ("22:00-07:00", 6, 59, True),
        ("22:00-07:00", 7, 0, False),
        ("12:00-13:00", 11, 59, False),
        ("12:00-13:00", 12, 0, True),
        ("12:00-13:00", 13, 0, False),
    ],
)
def test_quiet_hours_hold_from_their_first_minute_and_end_at_their_last(text, hour, minute, quiet):
    assert quiet_hours(text, "UTC").holds(datetime.combine(NOON.date(), time(hour, minute), UTC)) is quiet


def test_quiet_hours_go_by_the_clock_of_their_zone():
    quiet = quiet_hours("22:00-07:00", "Asia/Tokyo")
    assert quiet.holds(datetime(2026, 11, 21, 14, tzinfo=UTC))  # 23:00 there
    assert not quiet.holds(datetime(2026, 11, 21, 23, tzinfo=UTC))  # 08:00 there


@pytest.mark.parametrize("text", ["22-07", "25:00-07:00", "22:00-22:00", "", "22:00 - 07:00"])
def test_quiet_hours_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError, match=r"quiet hours|Quiet hours"):
        quiet_hours(text, "UTC")


def test_a_zone_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="Mars/Olympus"):
        quiet_hours("22:00-07:00", "Mars/Olympus")
