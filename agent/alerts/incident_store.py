"""Incidents in the control store: which are known, and what a change does to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from agent.alerts.incidents import TOLD_AGAIN, Change, Incident, IncidentKind
from pipeline.store.control import alert_incidents as table
from pipeline.store.engine import writing


def incidents(control: Engine, limit: int = 50) -> list[Incident]:
    """The newest first."""
    query = select(table).order_by(table.c.opened_at.desc()).limit(limit)
    with control.connect() as connection:
        return [_incident(row) for row in connection.execute(query)]


def known(connection: Connection, model: str, now: datetime) -> list[Incident]:
    """All that are open, and those that began lately."""
    fresh = table.c.resolved_at.is_(None) | (table.c.opened_at >= now - TOLD_AGAIN)
    return [_incident(row) for row in connection.execute(select(table).where(table.c.model == model, fresh))]


def apply(connection: Connection, change: Change) -> None:
    for one in change.opened:
        mine = table.c.incident_id == one.incident_id
        if connection.execute(select(table.c.model).where(mine)).first() is None:
            connection.execute(insert(table).values(**vars(one) | {"kind": one.kind.value}))
        else:
            connection.execute(update(table).where(mine).values(resolved_at=None, resolution=None))
    for one in change.resolved:
        values = {"resolved_at": one.resolved_at, "resolution": one.resolution}
        connection.execute(update(table).where(table.c.incident_id == one.incident_id).values(**values))


def forget(control: Engine, before: datetime) -> int:
    """Drop what was over before a time; what happened stays in the ledger."""
    with writing(control).begin() as connection:
        return connection.execute(delete(table).where(table.c.resolved_at < before)).rowcount


def _incident(row: Any) -> Incident:
    return Incident(**dict(row._mapping) | {"kind": IncidentKind(row.kind)})
