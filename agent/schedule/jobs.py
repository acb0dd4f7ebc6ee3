"""Jobs by the clock, in threads: APScheduler wakes them, also after the clock of the machine was put back."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from apscheduler.executors.pool import BasePoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from agent.schedule.calendar import Plan, next_due
from pipeline.clock import Clock, utc_now

log = logging.getLogger("refit.agent")

PutBack = Callable[[datetime], None]
Job = Callable[..., None]


class PlanTrigger(BaseTrigger):  # type: ignore[misc]
    """The times of a plan, for APScheduler."""

    def __init__(self, plan: Plan):
        self._plan = plan

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return next_due(self._plan, max(previous, now) if previous else now)


class PoolExecutor(BasePoolExecutor):  # type: ignore[misc]
    """Runs jobs in a pool that its owner shuts down."""

    def __init__(self, pool: ThreadPoolExecutor):
        super().__init__(pool)


class Jobs:
    """Each job has a name of its own and runs in one thread at a time. `put_back` is told of a clock that was."""

    def __init__(self, threads: int, beat_seconds: float, put_back: PutBack, clock: Clock = utc_now):
        self._beat_seconds, self._put_back, self._clock = beat_seconds, put_back, clock
        self._plans: dict[str, Plan] = {}
        self._threads = ThreadPoolExecutor(threads)
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": PoolExecutor(self._threads)})
        self._stopping = Event()
        self._beating = Thread(target=self._beat, name="schedule-beat", daemon=True)

    def start(self) -> None:
        self._scheduler.start()
        self._beating.start()

    def close(self) -> None:
        """Wait for the jobs under way; none begins any more."""
        self._stopping.set()
        self._beating.join()
        # APScheduler would wait for its threads with the lock in hand that a job among them may be waiting for.
        self._scheduler.shutdown(wait=False)
        self._threads.shutdown(wait=True)

    def at_times_of(self, plan: Plan, job: Job) -> None:
        """Run `job` with the plan at each of its times."""
        self._plans[plan.name] = plan
        self._add(job, plan, name=plan.name, trigger=PlanTrigger(plan))

    def every(self, seconds: float, job: Job, name: str) -> None:
        """Run `job` now and then every so often."""
        soon = utc_now() + timedelta(milliseconds=1)
        self._add(job, name=name, trigger="interval", seconds=seconds, next_run_time=soon)

    def now(self, name: str, job: Job, *arguments: object) -> None:
        """Run `job` once, unless one of its name waits to run already."""
        if self._scheduler.get_job(name) is None:
            self._add(job, *arguments, name=name)

    def _add(self, job: Job, *arguments: object, name: str, **timing: object) -> None:
        # Claims, not APScheduler, decide what was missed; a job that wakes late is still to look.
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler.add_job(job, args=arguments, id=name, **once, **timing)

    def _beat(self) -> None:
        """APScheduler waits for times of the wall clock: put back, it would wait until they come a second time."""
        before = self._clock()
        while not self._stopping.wait(self._beat_seconds):
            now = self._clock()
            if now < before:
                log.warning("The clock was put back; the schedule is reckoned anew.")
                self._put_back(now)
                self._reckon_anew(now)
            before = now

    def _reckon_anew(self, now: datetime) -> None:
        for job in self._scheduler.get_jobs():
            with suppress(JobLookupError):  # it has run and ended meanwhile
                job.modify(next_run_time=next_due(self._plans[job.id], now) if job.id in self._plans else now)
