"""One leader among several agents does what is to be done once: on PostgreSQL an advisory lock, on SQLite a lease.

Both bump the token of the lease row with each new leader, so that one that slept through its replacement is known.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from agent.acting import leases
from agent.acting.leases import Lease
from agent.errors import BusyError, LeaseLostError
from pipeline.store.advisory_keys import LEAD

log = logging.getLogger("refit.agent")

NAME = "leader"
LOCK = text("SELECT pg_try_advisory_lock(:key, hashtext(:name))")
UNLOCK = text("SELECT pg_advisory_unlock(:key, hashtext(:name))")
# A leader whose machine vanished is noticed by the server in about a minute; the system's own default is two hours.
KEEPALIVE = ("tcp_keepalives_idle = 30", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3")


class Leadership(Protocol):
    """`lead` is asked every few seconds: the lead, taken or kept, or None while another process has it."""

    def lead(self, now: datetime) -> Lease | None: ...

    def close(self, now: datetime) -> None: ...


def leader(control: Engine, now: datetime) -> str | None:
    """Who leads, None while nobody does."""
    return next(iter(leases.holders_of(control, NAME, now)), None)


def leadership(control: Engine, holder: str, ttl: timedelta, name: str = NAME) -> Leadership:
    kind = ByAdvisoryLock if control.dialect.name == "postgresql" else ByLease
    return kind(control, holder, ttl, name)


class ByLease:
    """The lease is the lock; who does not renew it in time loses it to the next one who asks."""

    def __init__(self, control: Engine, holder: str, ttl: timedelta, name: str):
        self._control, self._holder, self._ttl, self._name = control, holder, ttl, name
        self._lease: Lease | None = None

    def lead(self, now: datetime) -> Lease | None:
        try:
            if self._lease is None:
                self._lease = leases.acquire(self._control, self._name, self._holder, now, self._ttl)
            else:
                leases.renew(self._control, self._lease, now, self._ttl)
        except (BusyError, LeaseLostError):
            self._lease = None
        return self._lease

    def close(self, now: datetime) -> None:
        if self._lease is not None:
            leases.release(self._control, self._lease, now)
            self._lease = None


class ByAdvisoryLock:
    """The lock belongs to a connection and ends with it, whatever ends it. The lease row says who leads."""

    def __init__(self, control: Engine, holder: str, ttl: timedelta, name: str):
        self._control, self._holder, self._ttl, self._name = control, holder, ttl, name
        self._key = {"key": LEAD, "name": name}
        self._connection: Connection | None = None
        self._lease: Lease | None = None

    def lead(self, now: datetime) -> Lease | None:
        try:
            if self._connection is None or self._lease is None:
                self._take(now)
            else:
                self._connection.execute(text("SELECT 1"))  # the lock is as alive as its connection
                leases.renew(self._control, self._lease, now, self._ttl)
        except (DBAPIError, LeaseLostError) as error:
            log.warning("The lead was lost: %s", type(error).__name__)
            self._let_go()
        return self._lease

    def _take(self, now: datetime) -> None:
        connection = self._control.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            for setting in KEEPALIVE:
                connection.execute(text(f"SET {setting}"))
            if connection.execute(LOCK, self._key).scalar():
                self._lease = leases.take_over(self._control, self._name, self._holder, now, self._ttl)
                self._connection = connection
        finally:
            if self._lease is None:
                connection.invalidate()
                connection.close()

    def close(self, now: datetime) -> None:
        if self._lease is not None:
            leases.release(self._control, self._lease, now)
        if self._connection is not None:
            # The server sees a closed connection a moment later; who follows shall not have to wait for that.
            with suppress(DBAPIError):
                self._connection.execute(UNLOCK, self._key)
        self._let_go()

    def _let_go(self) -> None:
        """The connection is closed for good: in the pool it would keep the lock."""
        connection, self._connection, self._lease = self._connection, None, None
        if connection is not None:
            connection.invalidate()
            connection.close()
