"""When a process that ended is started again: soon, then later and later, never not at all. When one hangs."""

import pytest

from launch.restarts import (
    LONGEST_PAUSE_SECONDS,
    STEADY_SECONDS,
    Probe,
    Record,
    Remedy,
    ended,
    pause_seconds,
    probed,
    remedy,
    started,
)

PROBE = Probe(failure_threshold=3, startup_failure_threshold=5)


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


def after(*answered: bool, record: Record | None = None) -> Record:
    record = record or Record(started_at=0.0)
    for one in answered:
        record = probed(record, one)
    return record


@pytest.mark.parametrize(
    ("silent", "called_for"),
    [(0, Remedy.NONE), (2, Remedy.NONE), (3, Remedy.ASK_TO_END), (4, Remedy.END_BY_FORCE), (9, Remedy.END_BY_FORCE)],
)
def test_a_process_that_stops_answering_is_asked_to_end_and_then_ended_by_force(silent: int, called_for: Remedy):
    assert remedy(after(True, *[False] * silent), PROBE) is called_for


@pytest.mark.parametrize(("silent", "called_for"), [(4, Remedy.NONE), (5, Remedy.ASK_TO_END), (6, Remedy.END_BY_FORCE)])
def test_a_process_that_has_not_answered_yet_has_longer(silent: int, called_for: Remedy):
    assert remedy(after(*[False] * silent), PROBE) is called_for


def test_one_answer_makes_up_for_all_that_were_missing():
    slow = after(*[True, False, False] * 50)
    assert remedy(slow, PROBE) is Remedy.NONE
    assert remedy(probed(slow, False), PROBE) is Remedy.ASK_TO_END


def test_a_process_that_is_started_again_begins_as_if_it_never_hung():
    hung = after(True, False, False, False, False)
    again = started(ended(hung, 100.0), 101.0)
    assert (again.has_answered, again.silent_probes) == (False, 0)
    assert remedy(after(False, False, False, record=again), PROBE) is Remedy.NONE


def test_a_busy_machine_has_a_minute_to_answer_and_five_to_start():
    probe = Probe()
    assert probe.timeout_seconds >= 10
    assert probe.failure_threshold * probe.period_seconds >= 60
    assert probe.startup_failure_threshold * probe.period_seconds >= 300
