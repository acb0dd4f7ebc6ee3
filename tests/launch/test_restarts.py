"""When a process that ended is started again: soon, then later and later, never not at all."""

from launch.restarts import LONGEST_PAUSE_SECONDS, STEADY_SECONDS, Record, ended, pause_seconds, started


def test_the_pause_doubles_up_to_a_minute_and_stays_there():
    assert [pause_seconds(ends) for ends in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pause_seconds(10_000) == LONGEST_PAUSE_SECONDS


def test_ends_in_a_row_are_counted_and_the_next_start_has_its_time():
    record = Record(started_at=0.0)
    record = ended(record, 1.0)
    assert (record.ends, record.again_at) == (1, 2.0)
    record = ended(started(record, 2.0), 3.0)
    assert (record.ends, record.again_at) == (2, 5.0)


def test_an_end_after_a_steady_run_counts_as_the_first():
    record = Record(started_at=0.0, ends=6)
    assert ended(record, STEADY_SECONDS).ends == 1
    assert ended(record, STEADY_SECONDS - 1).ends == 7
