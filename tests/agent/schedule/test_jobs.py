"""Jobs by the clock of the machine: they run in threads, and again when that clock was put back."""

from datetime import UTC, datetime, timedelta
from threading import Event

from agent.schedule.jobs import Jobs
from tests.waiting import until

SECONDS = 240.0


def test_a_job_of_every_hour_runs_at_once_and_again_when_the_clock_was_put_back():
    began = datetime.now(UTC)
    at, ran, told = [began], [], []
    jobs = Jobs(2, beat_seconds=0.02, put_back=told.append, clock=lambda: at[0])
    jobs.every(3_600, lambda: ran.append(1), "hourly")
    jobs.start()
    try:
        until(lambda: ran)
        at[0] = began - timedelta(hours=2)
        until(lambda: len(ran) > 1)
    finally:
        jobs.close()
    assert told == [began - timedelta(hours=2)]


def test_closing_waits_for_the_job_under_way_and_lets_no_other_begin():
    begun, go, ended = Event(), Event(), []

    def work(name):
        begun.set()
        assert go.wait(SECONDS)
        ended.append(name)

    jobs = Jobs(1, beat_seconds=0.02, put_back=lambda now: None)
    jobs.start()
    jobs.now("first", work, "first")
    assert begun.wait(SECONDS)
    go.set()
    jobs.close()
    assert ended == ["first"]
