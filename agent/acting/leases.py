"""Leases: one agent at a time works on a model, with a fencing token that grows with each new holder."""

import logging
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from agent.errors import BusyError, LeaseLostError
from pipeline.clock import Clock
from pipeline.store.control import leases as table
from pipeline.store.engine import writing

log = logging.getLogger("refit.agent")

Holding = AbstractContextManager["Lease"]

LONGEST_LEASE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Lease:
    name: str
    holder: str
    token: int


def acquire(control: Engine, name: str, holder: str, now: datetime, ttl: timedelta) -> Lease:
    """Take the lease if it is free or has run out. Raises BusyError that names who holds it."""
    try:
        with writing(control).begin() as connection:
            row = connection.execute(select(table).where(table.c.name == name)).first()
            if row is None:
                values = {"name": name, "holder": holder, "token": 1, "expires_at": now + ttl}
                connection.execute(insert(table).values(**values))
                return Lease(name=name, holder=holder, token=1)
            # A lease that ends further ahead was taken before the clock was put back: it holds nobody up.
            if now < row.expires_at <= now + max(2 * ttl, LONGEST_LEASE):
                raise BusyError(name, row.holder, row.expires_at)
            # The token in the condition lets one of two processes win that saw the lease run out.
            claim = update(table).where(table.c.name == name, table.c.token == row.token)
            won = connection.execute(claim.values(holder=holder, token=row.token + 1, expires_at=now + ttl)).rowcount
            if won != 1:
                raise BusyError(name, "another agent", now + ttl)
            return Lease(name=name, holder=holder, token=row.token + 1)
    except IntegrityError:
        raise BusyError(name, "another agent", now + ttl) from None


def take_over(control: Engine, name: str, holder: str, now: datetime, ttl: timedelta) -> Lease:
    """Take the lease whoever has it, for a caller that holds another lock: the one before finds its token outdated."""
    with writing(control).begin() as connection:
        row = connection.execute(select(table).where(table.c.name == name).with_for_update()).first()
        lease = Lease(name=name, holder=holder, token=row.token + 1 if row else 1)
        values = {"holder": holder, "token": lease.token, "expires_at": now + ttl}
        change = update(table).where(table.c.name == name) if row else insert(table).values(name=name)
        connection.execute(change.values(**values))
    return lease


def holders_of(control: Engine, prefix: str, now: datetime) -> list[str]:
    """Who holds leases of names that begin so and have not run out, each once."""
    query = select(table.c.holder).distinct().where(table.c.name.startswith(prefix), table.c.expires_at > now)
    with control.connect() as connection:
        return sorted(connection.execute(query).scalars())


def renew(control: Engine, lease: Lease, now: datetime, ttl: timedelta) -> None:
    """Keep the lease. Raises LeaseLostError when another holder has taken it meanwhile."""
    mine = (table.c.name == lease.name, table.c.token == lease.token, table.c.holder == lease.holder)
    with writing(control).begin() as connection:
        if connection.execute(update(table).where(*mine).values(expires_at=now + ttl)).rowcount != 1:
            raise LeaseLostError(f"{lease.holder} lost the lease of {lease.name}; another agent goes on from here.")


def release(control: Engine, lease: Lease, now: datetime) -> None:
    """Let others in at once; the row stays, so that the token keeps growing. Of a lost lease nothing changes."""
    mine = (table.c.name == lease.name, table.c.token == lease.token, table.c.holder == lease.holder)
    with writing(control).begin() as connection:
        connection.execute(update(table).where(*mine).values(expires_at=now))


@contextmanager
def held(control: Engine, name: str, holder: str, clock: Clock, ttl: timedelta) -> Iterator[Lease]:
    """Hold a lease for a block, renewed in the background, so that only a dead or stuck process loses it."""
    lease = acquire(control, name, holder, clock(), ttl)
    stop = threading.Event()
    keeper = threading.Thread(target=_keep, args=(control, lease, clock, ttl, stop), daemon=True)
    keeper.start()
    try:
        yield lease
    finally:
        stop.set()
        keeper.join()
        release(control, lease, clock())


def _keep(control: Engine, lease: Lease, clock: Clock, ttl: timedelta, stop: threading.Event) -> None:
    """Renew thrice in each `ttl`, so that the lease outlasts a database that is away for a moment."""
    while not stop.wait(ttl.total_seconds() / 3):
        try:
            renew(control, lease, clock(), ttl)
        except LeaseLostError:
            return
        except SQLAlchemyError as error:
            log.warning("The lease of %s was not renewed (%s); it is tried again.", lease.name, type(error).__name__)
