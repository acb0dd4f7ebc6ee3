"""Whose turn it is: several agents share the models, and each leaves what is another's until that one lets it wait."""

import logging
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlalchemy import Engine

from agent.acting.leases import Lease
from agent.schedule.assignment import may_do, ranking
from agent.schedule.calendar import Plan, due
from agent.schedule.claims import claim, claimed_until
from agent.schedule.presence import Presence
from agent.schedule.telling import told
from agent.schedule.waiting import Waiting

log = logging.getLogger("refit.agent")

# How long each agent after the first leaves what is due to those before it.
PATIENCE_SECONDS = 5.0


class Turns:
    """This agent among those of its crew, and the plans of which it answers for its share of the times."""

    def __init__(
        self, control: Engine, plans: Sequence[Plan], presence: Presence, patience_seconds: float = PATIENCE_SECONDS
    ):
        self.plans = plans
        self._control, self._presence = control, presence
        self._patience = timedelta(seconds=patience_seconds)
        # The lease of this agent while it is among those that look, and who they are.
        self._place: Lease | None = None
        self._agents: list[str] = []
        # Plans that may be due, and models whose data was announced.
        self._waiting, self._announced_data = Waiting(), Waiting()

    def announce(self, now: datetime) -> bool:
        """Be among the agents; whether this one is. Who comes makes up for what was missed."""
        was_there, self._place = self._place is not None, self._announced(now)
        if self._place is not None and not was_there:
            self._waiting.add([plan.name for plan in self.plans], now)
        return self._place is not None

    def of_announced(self, models: Collection[str], now: datetime) -> list[str]:
        """Those whose data this agent is to look at now: its own at once, what another lets wait after a while."""
        self._announced_data.add_only(models, now)
        return [model for model in sorted(models) if self._may_do(model, self._announced_data.waited(model, now))]

    def is_first(self, model: str) -> bool:
        place = self._place
        return place is not None and ranking(model, {*self._agents, place.holder})[0] == place.holder

    def in_turn(self, now: datetime) -> list[Plan]:
        """What waits, nobody is at, and may be this agent's by now."""
        names = set(self._waiting.untried())
        return [plan for plan in self.plans if plan.name in names and self._may_answer(plan, now)]

    def alone_at(self, plan: Plan, now: datetime) -> AbstractContextManager[bool]:
        """Be at a plan that may be due for a block; false when another thread is."""
        self._waiting.add([plan.name], now)
        return self._waiting.alone(plan.name)

    def claims(self, plan: Plan, now: datetime) -> bool:
        """Whether this agent answers for what is due of a plan. What is another's turn is asked about again."""
        place = self._place
        if place is None:
            return False
        moment = due(plan, claimed_until(self._control, plan, now), now)
        if moment is None:
            self._waiting.drop(plan.name)
            return False
        # Asked anew: an agent that came since the last tick gets its share of what waits here.
        self._see_agents(now)
        if not self._may_answer(plan, now) or not claim(self._control, place, plan, moment, now):
            return False
        self._waiting.drop(plan.name)
        return True

    def count_anew(self, now: datetime) -> None:
        """Whatever waits begins to wait now."""
        self._waiting.count_anew(now)
        self._announced_data.count_anew(now)

    def close(self, now: datetime) -> None:
        """Leave the models to the other agents."""
        self._presence.close(now)

    def _announced(self, now: datetime) -> Lease | None:
        with told("Announcing this agent to the others"):
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
            self.count_anew(now)

    def _may_answer(self, plan: Plan, now: datetime) -> bool:
        return self._may_do(plan.model, self._waiting.waited(plan.name, now))

    def _may_do(self, model: str, waited: timedelta) -> bool:
        """Whether what has waited so long is this agent's by now."""
        place = self._place
        return place is not None and may_do(model, place.holder, self._agents, waited, self._patience)
