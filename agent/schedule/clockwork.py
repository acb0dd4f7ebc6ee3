"""Runs the loop by the clock: APScheduler wakes, an agent claims what is due, each time is answered for once.

Several agents share the models: a time is first the one agent's to claim, and another's when that one lets it wait.
What is to be done once for all of them, the leader among them does.
What was missed while nobody ran is made up for by one look, not by many. A look that found its model busy is owed, and
made as soon as the model is free; so is what a killed agent left undone.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from apscheduler.executors.pool import BasePoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from sqlalchemy import Engine

from agent.acting.leases import Lease
from agent.errors import BusyError
from agent.schedule.assignment import may_do, ranking
from agent.schedule.calendar import Kind, Plan, due, next_due
from agent.schedule.claims import claim, claimed_until
from agent.schedule.leading import Leadership
from agent.schedule.pace import Pace
from agent.schedule.presence import Presence
from agent.schedule.waiting import Waiting
from pipeline.errors import RefitError

log = logging.getLogger("refit.agent")

Clock = Callable[[], datetime]
Act = Callable[[], object]

TICK_SECONDS = 5.0
# How long each agent after the first leaves what is due to those before it.
PATIENCE_SECONDS = 5.0
TIDY_SECONDS = 60.0
ARCHIVE_EVERY, FIRST_ARCHIVE = timedelta(hours=24), timedelta(minutes=10)
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
    """Looks at models by their plans for as long as it runs.

    `looks` and `resumes` have an entry for each model; they raise BusyError while another works on it.
    """

    def __init__(
        self,
        control: Engine,
        plans: Sequence[Plan],
        looks: Mapping[str, Act],
        resumes: Mapping[str, Act],
        presence: Presence,
        clock: Clock,
        leadership: Leadership | None = None,
        tick_seconds: float = TICK_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
        pace: Pace | None = None,
        tidy: Act = lambda: None,
        archive: Act = lambda: None,
        first_archive: timedelta = FIRST_ARCHIVE,
        arrivals: Mapping[str, Act] | None = None,
        arrived: Callable[[], Collection[str]] = tuple,
    ):
        self._control, self._plans, self._looks, self._resumes = control, plans, looks, resumes
        self._presence, self._clock, self._tick_seconds = presence, clock, tick_seconds
        self._leadership = leadership
        self._patience, self._pace = timedelta(seconds=patience_seconds), pace or Pace()
        self._tidy, self._archive, self._arrivals, self._arrived = tidy, archive, arrivals or {}, arrived
        self._archive_at = clock() + first_archive
        # The lease of this agent while it is among those that look, and who they are.
        self._place: Lease | None = None
        self._agents: list[str] = []
        self._mine: set[str] = set()
        # Plans that may be due, and what this agent has to do besides.
        self._waiting, self._owed = Waiting(), Waiting()
        self._threads = ThreadPoolExecutor(len(plans) + len(resumes) + SPARE_THREADS)
        executors = {"default": PoolExecutor(self._threads)}
        self._scheduler = BackgroundScheduler(timezone=UTC, executors=executors)
        self._stopping = Event()
        self._beating = Thread(target=self._beat, name="schedule-beat", daemon=True)

    def start(self) -> None:
        for plan in self._plans:
            self._add(self._fire, plan, trigger=PlanTrigger(plan), name=plan.name)
        self._add(self._tick, trigger="interval", seconds=self._tick_seconds, name="tick", next_run_time=_soon())
        self._add(self._tidied, trigger="interval", seconds=TIDY_SECONDS, name="tidy", next_run_time=_soon())
        self._scheduler.start()
        self._beating.start()

    def _archived(self) -> None:
        with _told("Archiving old predictions and reports"):
            self._archive()

    def _tidied(self) -> None:
        with _told("Settling jobs that run no more"):
            self._tidy()

    def close(self) -> None:
        """Wait for the looks under way, then leave the models to the other agents."""
        self._stopping.set()
        self._pace.close()
        self._beating.join()
        # APScheduler would wait for its threads with the lock in hand that a tick among them may be waiting for.
        self._scheduler.shutdown(wait=False)
        self._threads.shutdown(wait=True)
        with _told("Taking leave of the other agents"):
            self._presence.close(self._clock())
        if self._leadership is not None:
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
        self._waiting.count_anew(now)
        self._archive_at = min(self._archive_at, now + ARCHIVE_EVERY)
        for job in self._scheduler.get_jobs():
            with suppress(JobLookupError):  # it has run and ended meanwhile
                job.modify(next_run_time=next_due(plans[job.id], now) if job.id in plans else now)

    def _add(self, job: Callable[..., None], *arguments: object, name: str, **timing: object) -> None:
        # Claims, not APScheduler, decide what was missed; a job that wakes late is still to look.
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler.add_job(job, args=arguments, id=name, **once, **timing)

    def _tick(self) -> None:
        """Be among the agents; who comes makes up for what was missed, and every one for what is owed."""
        was_there, now = self._place is not None, self._clock()
        if self._leads(now) and now >= self._archive_at:
            self._archive_at = now + ARCHIVE_EVERY
            self._add(self._archived, name="archive")
        self._place = self._announced(now)
        if self._place is None:
            self._mine = set()
            return
        if not was_there:
            self._waiting.add([plan.name for plan in self._plans], now)
        mine = {model for model in self._resumes if self._is_first(model)}
        gained, self._mine = mine - self._mine, mine
        self._owed.add([f"{model}:{RESUME}" for model in gained], now)
        with _told("Looking for data that was announced"):
            announced = {model for model in self._arrived() if model in self._arrivals}
            self._owed.add([f"{model}:{ARRIVAL}" for model in announced if self._is_first(model)], now)
        for name in self._owed.untried():
            self._wake(f"{name}:owed", self._pay, name)
        for plan in self._in_turn(now):
            self._wake(f"{plan.name}:waiting", self._fire, plan)

    def _leads(self, now: datetime) -> bool:
        with _told("Asking for the lead"):
            return self._leadership is not None and self._leadership.lead(now) is not None
        return False

    def _announced(self, now: datetime) -> Lease | None:
        with _told("Announcing this agent to the others"):
            place = self._presence.announce(now)
            self._see_agents(now)
            return place
        return None

    def _see_agents(self, now: datetime) -> None:
        agents = self._presence.agents(now)
        if agents != self._agents:
            log.info("These agents look at the models by the clock: %s.", ", ".join(agents))
            self._agents = agents
            # What this one had to itself until now, it leaves to an agent that came for as long as to any.
            self._waiting.count_anew(now)

    def _is_first(self, name: str) -> bool:
        return self._place is not None and ranking(name, {*self._agents, self._place.holder})[0] == self._place.holder

    def _wake(self, name: str, job: Callable[..., None], argument: object) -> None:
        """Run a job now in a thread of its own, unless it waits to run already."""
        if self._scheduler.get_job(name) is None:
            self._add(job, argument, name=name)

    def _fire(self, plan: Plan) -> None:
        self._waiting.add([plan.name], self._clock())
        with self._waiting.alone(plan.name) as alone:
            if alone:
                with _told(f"The schedule of {plan.model}"), self._pace.place() as may_begin:
                    if may_begin and self._claims(plan):
                        self._look(plan.model)

    def _claims(self, plan: Plan) -> bool:
        """Whether this agent answers for what is due of a plan. What is another's turn is asked about again."""
        place, now = self._place, self._clock()
        if place is None:
            return False
        moment = due(plan, claimed_until(self._control, plan, now), now)
        if moment is None:
            self._waiting.drop(plan.name)
            return False
        # Asked anew: an agent that came since the last tick gets its share of what waits here.
        self._see_agents(now)
        if not self._may_do(plan, place, now):
            return False
        if not claim(self._control, place, plan, moment, now):
            return False
        self._waiting.drop(plan.name)
        return True

    def _may_do(self, plan: Plan, place: Lease, now: datetime) -> bool:
        return may_do(plan.model, place.holder, self._agents, self._waiting.waited(plan.name, now), self._patience)

    def _in_turn(self, now: datetime) -> list[Plan]:
        """What waits, nobody is at, and may be this agent's by now."""
        place, names = self._place, set(self._waiting.untried())
        waiting = [plan for plan in self._plans if plan.name in names]
        return [plan for plan in waiting if place is not None and self._may_do(plan, place, now)]

    def _look(self, model: str) -> None:
        try:
            with _told(f"The look at {model}"):
                self._looks[model]()
        except BusyError as error:
            log.info("%s The look is made when it is free.", error)
            self._owed.add([f"{model}:{Kind.LOOK}"], self._clock())

    def _pay(self, name: str) -> None:
        with self._owed.alone(name) as alone:
            if alone:
                with self._pace.place() as may_begin:
                    if may_begin:
                        self._paid(name)

    def _paid(self, name: str) -> None:
        self._owed.drop(name)
        model, _, what = name.partition(":")
        if what == Kind.LOOK:
            self._look(model)
            return
        act = self._arrivals[model] if what == ARRIVAL else self._resumes[model]
        try:
            with _told(f"{WORDS[what]} {model}"):
                act()
        except BusyError:
            self._owed.add([name], self._clock())


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
