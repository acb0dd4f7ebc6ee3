"""Runs the loop by the clock: jobs wake, an agent claims what is due, each time is answered for once.

What was missed while nobody ran is made up for by one look, not by many. A look that found its model busy is owed, and
made as soon as the model is free; so is what a killed agent left undone.
"""

from datetime import datetime

from agent.schedule.calendar import Plan
from agent.schedule.duties import ARRIVAL, RESUME, Duties, Owed
from agent.schedule.housekeeping import TIDY_SECONDS, Housekeeping
from agent.schedule.jobs import Jobs
from agent.schedule.pace import Pace
from agent.schedule.telling import told
from agent.schedule.turns import Turns
from pipeline.clock import Clock

TICK_SECONDS = 5.0
SPARE_THREADS = 4


class Clockwork:
    """Looks at models for as long as it runs: `turns` says when it is this agent's to, `duties` what it does then."""

    def __init__(
        self,
        turns: Turns,
        duties: Duties,
        housekeeping: Housekeeping,
        clock: Clock,
        tick_seconds: float = TICK_SECONDS,
        pace: Pace | None = None,
    ):
        self._turns, self._duties, self._housekeeping, self._clock = turns, duties, housekeeping, clock
        self._tick_seconds, self._pace = tick_seconds, pace or Pace()
        self._owed = Owed(duties, clock)
        # The models that this agent is the first for.
        self._mine: set[str] = set()
        threads = len(turns.plans) + len(duties.resumes) + SPARE_THREADS
        self._jobs = Jobs(threads, tick_seconds, self._count_anew)

    def start(self) -> None:
        for plan in self._turns.plans:
            self._jobs.at_times_of(plan, self._fire)
        self._jobs.every(self._tick_seconds, self._tick, "tick")
        self._jobs.every(TIDY_SECONDS, self._housekeeping.tidy, "tidy")
        self._jobs.start()

    def close(self) -> None:
        """Wait for the looks under way, then leave the models to the other agents."""
        self._pace.close()
        self._jobs.close()
        with told("Taking leave of the other agents"):
            self._turns.close(self._clock())
        with told("Giving up the lead"):
            self._housekeeping.close(self._clock())

    def _count_anew(self, now: datetime) -> None:
        self._turns.count_anew(now)
        self._housekeeping.count_anew(now)

    def _tick(self) -> None:
        """Be among the agents, and see what there is to do now."""
        now = self._clock()
        if self._housekeeping.archive_is_due(now):
            self._jobs.now("archive", self._housekeeping.archive)
        if not self._turns.announce(now):
            self._mine = set()
            return
        self._owe(now)
        for name in self._owed.untried():
            self._jobs.now(f"{name}:owed", self._pay, name)
        for plan in self._turns.in_turn(now):
            self._jobs.now(f"{plan.name}:waiting", self._fire, plan)

    def _owe(self, now: datetime) -> None:
        """Who becomes the first for a model finishes what was left undone; so is announced data looked at."""
        mine = {model for model in self._duties.resumes if self._turns.is_first(model)}
        gained, self._mine = mine - self._mine, mine
        self._owed.owe(RESUME, gained)
        with told("Looking for data that was announced"):
            self._owed.owe(ARRIVAL, self._turns.of_announced(self._duties.announced(), now))

    def _fire(self, plan: Plan) -> None:
        with self._turns.alone_at(plan, self._clock()) as alone:
            if alone:
                with told(f"The schedule of {plan.model}"), self._pace.place() as may_begin:
                    if may_begin and self._turns.claims(plan, self._clock()):
                        self._owed.look(plan.model)

    def _pay(self, name: str) -> None:
        with self._owed.alone_at(name) as alone:
            if alone:
                with self._pace.place() as may_begin:
                    if may_begin:
                        self._owed.pay(name)
