"""Who answered for which time of a plan: one row for each, which only moves forward, so nothing fires twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from agent.acting.leases import Lease
from agent.schedule.calendar import Plan
from pipeline.store.control import leases
from pipeline.store.control import schedule_claims as table
from pipeline.store.engine import writing

# A claim further ahead than this was made by a clock that has been put back since: it does not count.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The newest time of a plan that was answered for, when, and by whom."""

    due_at: datetime
    fired_at: datetime
    holder: str


def claimed_until(control: Engine, plan: Plan, now: datetime) -> datetime | None:
    """The newest time of a plan that was answered for; None where there is none that counts."""
    found = newest_claim(control, plan)
    return found.due_at if found and found.due_at <= now + AHEAD else None


def newest_claim(control: Engine, plan: Plan) -> Claim | None:
    query = select(table).where(table.c.model == plan.model, table.c.kind == plan.kind.value)
    with control.connect() as connection:
        row = connection.execute(query).first()
    return Claim(due_at=row.due_at, fired_at=row.fired_at, holder=row.holder) if row else None


def claim(control: Engine, lead: Lease, plan: Plan, due_at: datetime, now: datetime) -> bool:
    """Answer for one time of a plan, alone. False for who leads no more, and for a time that is answered for.

    The lead's token is the fence: a process that slept through its own replacement finds another token there.
    """
    values = {"due_at": due_at, "fired_at": now, "holder": lead.holder, "token": lead.token}
    mine = (table.c.model == plan.model, table.c.kind == plan.kind.value)
    fence = select(leases.c.token).where(leases.c.name == lead.name).with_for_update()
    try:
        with writing(control).begin() as connection:
            if connection.execute(fence).scalar() != lead.token:
                return False
            older = or_(table.c.due_at < due_at, table.c.due_at > now + AHEAD)
            if connection.execute(update(table).where(*mine, older).values(**values)).rowcount == 1:
                return True
            if connection.execute(select(table.c.token).where(*mine)).first() is not None:
                return False
            connection.execute(insert(table).values(model=plan.model, kind=plan.kind.value, **values))
            return True
    except IntegrityError:
        return False
