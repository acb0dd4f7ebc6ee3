"""Several agents share the models: they are split into groups, each group has one leader, and nobody leads too many.

The agents count each other by leases that they renew as long as they run. One that joins takes over the groups that
the others have too many of; the groups of one that died are taken when their leases run out.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Engine, delete, func, select

from agent.acting import leases
from agent.acting.leases import Lease
from agent.errors import BusyError, LeaseLostError
from agent.schedule.leading import NAME, Leadership, leadership
from pipeline.store.control import leases as table
from pipeline.store.engine import writing

PRESENT = "agent:"
DAY = timedelta(hours=24)


def group_of(model: str, groups: int) -> int:
    """The group of a model, the same for every agent: 0 to groups - 1."""
    return int.from_bytes(hashlib.sha256(model.encode()).digest()[:8], "big") % groups


def lead_name(group: int) -> str:
    """The name of the lead of a group; where there is one group, it is the lead of the schedule."""
    return NAME if group == 0 else f"{NAME}:{group}"


class Share:
    """How many groups this agent leads, and how many it may: all of them divided by the agents there are."""

    def __init__(self, control: Engine, holder: str, ttl: timedelta, groups: int):
        self._control, self._holder, self._ttl, self._groups = control, holder, ttl, groups
        self._presence: Lease | None = None
        self._led: set[str] = set()
        self._lock = Lock()

    def of(self, group: int) -> Leadership:
        """The leadership of one group, within this share."""
        name = lead_name(group)
        return SharedLeadership(leadership(self._control, self._holder, self._ttl, name), self, name)

    def lead(
        self, name: str, ask: Callable[[], Lease | None], give_up: Callable[[], None], now: datetime
    ) -> Lease | None:
        """The lead of a group where this agent may have it; one too many is given up."""
        with self._lock:
            others = self._led - {name}
            if len(others) >= self._most(now):
                if name in self._led:
                    give_up()
                self._led = others
                return None
            lead = ask()
            self._led = others | {name} if lead else others
            return lead

    def close(self, now: datetime) -> None:
        with self._lock:
            if self._presence is not None:
                leases.release(self._control, self._presence, now)
                self._presence = None

    def _most(self, now: datetime) -> int:
        if self._groups == 1:
            return 1
        self._be_present(now)
        here = select(func.count()).where(table.c.name.startswith(PRESENT), table.c.expires_at > now)
        with self._control.connect() as connection:
            agents = max(connection.execute(here).scalar() or 0, 1)
        return -(-self._groups // agents)

    def _be_present(self, now: datetime) -> None:
        try:
            if self._presence is None:
                self._forget_the_dead(now)
                self._presence = leases.acquire(self._control, PRESENT + self._holder, self._holder, now, self._ttl)
            else:
                leases.renew(self._control, self._presence, now, self._ttl)
        except (BusyError, LeaseLostError):
            self._presence = None

    def _forget_the_dead(self, now: datetime) -> None:
        """Each process had a row of its own."""
        with writing(self._control).begin() as connection:
            connection.execute(delete(table).where(table.c.name.startswith(PRESENT), table.c.expires_at < now - DAY))


class SharedLeadership:
    """The lead of one group, within the agent's share."""

    def __init__(self, inner: Leadership, share: Share, name: str):
        self._inner, self._share, self._name = inner, share, name

    def lead(self, now: datetime) -> Lease | None:
        return self._share.lead(self._name, lambda: self._inner.lead(now), lambda: self._inner.close(now), now)

    def close(self, now: datetime) -> None:
        self._inner.close(now)
        self._share.close(now)
