"""Runs the loop by the clock: APScheduler wakes, the leader alone claims what is due, each time is answered for once.

What was missed while nobody ran is made up for by one look, not by many. A look that found its model busy is owed, and
made as soon as the model is free; so is what a killed agent left undone.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread

from apscheduler.executors.pool import BasePoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from sqlalchemy import Engine

from agent.acting.leases import Lease
from agent.errors import BusyError
from agent.schedule.calendar import Kind, Plan, due, next_due
from agent.schedule.claims import claim, claimed_until
from agent.schedule.leading import Leadership
from pipeline.errors import RefitError

log = logging.getLogger("refit.agent")

Clock = Callable[[], datetime]
Act = Callable[[], object]

TICK_SECONDS = 5.0
TIDY_SECONDS = 60.0
ARCHIVE_HOURS, FIRST_ARCHIVE = 24, timedelta(minutes=10)
RESUME, ARRIVAL = "resume", "arrival"
WORDS = {RESUME: "Finishing what was left undone for", ARRIVAL: "The look at the data that arrived for"}
SPARE_THREADS = 4


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


class Clockwork:
    """Looks at models by their plans for as long as it runs and leads.

    `looks` and `resumes` have an entry for each model; they raise BusyError while another works on it.
    """

    def __init__(
        self,
        control: Engine,
        plans: Sequence[Plan],
        looks: Mapping[str, Act],
        resumes: Mapping[str, Act],
        leadership: Leadership,
        clock: Clock,
        tick_seconds: float = TICK_SECONDS,
        tidy: Act = lambda: None,
        archive: Act = lambda: None,
        first_archive: timedelta = FIRST_ARCHIVE,
        arrivals: Mapping[str, Act] | None = None,
        arrived: Callable[[], Collection[str]] = tuple,
    ):
        self._control, self._plans, self._looks, self._resumes = control, plans, looks, resumes
        self._leadership, self._clock, self._tick_seconds = leadership, clock, tick_seconds
        self._tidy, self._archive, self._arrivals, self._arrived = tidy, archive, arrivals or {}, arrived
        self._first_archive = first_archive
        self._lead: Lease | None = None
        self._owed: set[str] = set()
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(len(plans) + len(resumes) + SPARE_THREADS)
        executors = {"default": PoolExecutor(self._threads)}
        self._scheduler = BackgroundScheduler(timezone=UTC, executors=executors)
        self._stopping = Event()
        self._beating = Thread(target=self._beat, name="schedule-beat", daemon=True)

    @property
    def leads(self) -> bool:
        return self._lead is not None

    def start(self) -> None:
        for plan in self._plans:
            self._add(self._fire, plan, trigger=PlanTrigger(plan), name=plan.name)
        self._add(self._tick, trigger="interval", seconds=self._tick_seconds, name="tick", next_run_time=_soon())
        self._add(self._tidied, trigger="interval", seconds=TIDY_SECONDS, name="tidy", next_run_time=_soon())
        archive_at = _utc_now() + self._first_archive
        self._add(self._archived, trigger="interval", hours=ARCHIVE_HOURS, name="archive", next_run_time=archive_at)
        self._scheduler.start()
        self._beating.start()

    def _archived(self) -> None:
        if self.leads:
            with _told("Archiving old predictions and reports"):
                self._archive()

    def _tidied(self) -> None:
        with _told("Settling jobs that run no more"):
            self._tidy()

    def close(self) -> None:
        """Wait for the looks under way, then let another agent lead."""
        self._stopping.set()
        self._beating.join()
        # APScheduler would wait for its threads with the lock in hand that a tick among them may be waiting for.
        self._scheduler.shutdown(wait=False)
        self._threads.shutdown(wait=True)
        with _told("Giving up the lead"):
            self._leadership.close(self._clock())

    def _beat(self) -> None:
        """APScheduler waits for times of the wall clock: put back, it would wait until they come a second time."""
        before = datetime.now(UTC)
        while not self._stopping.wait(self._tick_seconds):
            now = datetime.now(UTC)
            if now < before:
                log.warning("The clock was put back; the schedule is reckoned anew.")
                self._reckon_anew(now)
            before = now

    def _reckon_anew(self, now: datetime) -> None:
        plans = {plan.name: plan for plan in self._plans}
        for job in self._scheduler.get_jobs():
            with suppress(JobLookupError):  # it has run and ended meanwhile
                job.modify(next_run_time=next_due(plans[job.id], now) if job.id in plans else now)

    def _add(self, job: Callable[..., None], *arguments: object, name: str, **timing: object) -> None:
        # Claims, not APScheduler, decide what was missed; a job that wakes late is still to look.
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler.add_job(job, args=arguments, id=name, **once, **timing)

    def _tick(self) -> None:
        """Take or keep the lead; a new leader makes up for what was missed, and every leader for what is owed."""
        led_before, lead = self.leads, None
        with _told("Asking for the lead of the schedule"):
            lead = self._leadership.lead(self._clock())
        self._lead = lead
        if lead is None:
            return
        if not led_before:
            log.info("This agent leads the schedule.")
            self._owe([f"{model}:{RESUME}" for model in self._resumes])
            for plan in self._plans:
                self._wake(f"{plan.name}:missed", self._fire, plan)
        with _told("Looking for data that was announced"):
            self._owe([f"{model}:{ARRIVAL}" for model in self._arrived() if model in self._arrivals])
        for name in self._owing():
            self._wake(f"{name}:owed", self._pay, name)

    def _wake(self, name: str, job: Callable[..., None], argument: object) -> None:
        """Run a job now in a thread of its own, unless it waits to run already."""
        if self._scheduler.get_job(name) is None:
            self._add(job, argument, name=name)

    def _fire(self, plan: Plan) -> None:
        lead, now = self._lead, self._clock()
        if lead is None:
            return
        with _told(f"The schedule of {plan.model}"):
            moment = due(plan, claimed_until(self._control, plan, now), now)
            if moment is not None and claim(self._control, lead, plan, moment, now):
                self._look(plan.model)

    def _look(self, model: str) -> None:
        try:
            with _told(f"The look at {model}"):
                self._looks[model]()
        except BusyError as error:
            log.info("%s The look is made when it is free.", error)
            self._owe([f"{model}:{Kind.LOOK}"])

    def _pay(self, name: str) -> None:
        model, _, what = name.partition(":")
        with self._lock:
            self._owed.discard(name)
        if what == Kind.LOOK:
            self._look(model)
            return
        act = self._arrivals[model] if what == ARRIVAL else self._resumes[model]
        try:
            with _told(f"{WORDS[what]} {model}"):
                act()
        except BusyError:
            self._owe([name])

    def _owe(self, names: Sequence[str]) -> None:
        with self._lock:
            self._owed.update(names)

    def _owing(self) -> list[str]:
        with self._lock:
            return sorted(self._owed)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _soon() -> datetime:
    return _utc_now() + timedelta(milliseconds=1)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What fails is reported and tried again at its next time; the other models go on. BusyError passes through."""
    try:
        yield
    except BusyError:
        raise
    except RefitError as error:
        log.error("%s failed: %s", what, error)
    except Exception as error:  # noqa: BLE001
        # The edge of a thread: its text may quote what a stranger wrote, so the type alone is told.
        log.error("%s failed: %s", what, type(error).__name__)
