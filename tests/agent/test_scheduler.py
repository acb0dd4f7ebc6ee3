"""The clockwork: one job a model, none twice at once, a look that fails does not end the others."""

from datetime import UTC, datetime
from threading import Event

from agent.errors import AgentError, BusyError
from agent.scheduler import build_scheduler


def test_each_model_has_one_job_that_never_runs_twice_at_once_and_takes_missed_runs_together():
    scheduler = build_scheduler({"a": lambda: None, "b": lambda: None}, 30)
    jobs = {job.id: job for job in scheduler.get_jobs()}
    assert set(jobs) == {"a", "b"}
    for job in jobs.values():
        assert job.coalesce
        assert job.max_instances == 1
        assert job.misfire_grace_time >= 60
        assert job.trigger.interval.total_seconds() == 1_800


def test_the_first_look_is_made_at_once_and_a_failing_model_does_not_stop_another():
    looked = Event()

    def fail():
        raise AgentError("no luck")

    def busy():
        raise BusyError("m", "other", datetime.now(UTC))

    scheduler = build_scheduler({"a": fail, "b": busy, "c": looked.set}, 30)
    scheduler.start()
    try:
        assert looked.wait(5)
    finally:
        scheduler.shutdown(wait=True)


def test_a_job_that_failed_stays_for_the_next_interval(caplog):
    def fail():
        raise AgentError("no luck")

    scheduler = build_scheduler({"a": fail}, 30)
    (job,) = scheduler.get_jobs()
    job.func()
    assert "The look at a failed: no luck" in caplog.text
