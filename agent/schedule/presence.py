"""The agents that look at the same models know each other by leases, which each renews for as long as it runs."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete

from agent.acting import leases
from agent.acting.leases import Lease
from agent.errors import LeaseLostError
from pipeline.durations import DAY
from pipeline.store.control import leases as table
from pipeline.store.engine import writing

PRESENT = "agent:"
EVERYTHING = "all"


def crew_name(models: Collection[str], every_model: Collection[str]) -> str:
    """Agents of different models share nothing: what both have is one's or the other's by its claim alone."""
    if set(models) == set(every_model):
        return EVERYTHING
    return hashlib.sha256(",".join(sorted(models)).encode()).hexdigest()[:12]


class Presence:
    """One agent among those of its crew."""

    def __init__(self, control: Engine, holder: str, ttl: timedelta, crew: str = EVERYTHING):
        self._control, self._holder, self._ttl = control, holder, ttl
        self._prefix = f"{PRESENT}{crew}:"
        self._lease: Lease | None = None

    def announce(self, now: datetime) -> Lease:
        """Say that this agent is there. The lease has another token when it was away for long, or starts."""
        if self._lease is not None:
            try:
                leases.renew(self._control, self._lease, now, self._ttl)
            except LeaseLostError:
                self._lease = None
        if self._lease is None:
            self._forget_the_dead(now)
            # The name is this process's own: who had it before, such as in a container that started anew, is dead.
            name = self._prefix + self._holder
            self._lease = leases.take_over(self._control, name, self._holder, now, self._ttl)
        return self._lease

    def agents(self, now: datetime) -> list[str]:
        """Those of the crew that are there."""
        return leases.holders_of(self._control, self._prefix, now)

    def close(self, now: datetime) -> None:
        if self._lease is not None:
            leases.release(self._control, self._lease, now)
            self._lease = None

    def _forget_the_dead(self, now: datetime) -> None:
        """Each process had a row of its own."""
        with writing(self._control).begin() as connection:
            connection.execute(delete(table).where(table.c.name.startswith(PRESENT), table.c.expires_at < now - DAY))


def agents_that_look(control: Engine, now: datetime) -> list[str]:
    """Every agent that looks at models by the clock, of whatever crew."""
    return leases.holders_of(control, PRESENT, now)
