"""Sources of labels that somebody vouched for: their rows are learned from beyond the set share."""

from datetime import datetime

from sqlalchemy import Engine, insert, select

from pipeline.store import control as tables
from pipeline.store.engine import writing


def approved_sources(control: Engine, model: str) -> frozenset[str]:
    table = tables.label_approvals
    with control.connect() as connection:
        return frozenset(connection.execute(select(table.c.source).where(table.c.model == model)).scalars())


def approve_source(control: Engine, *, model: str, source: str, who: str, why: str, at: datetime) -> bool:
    """Vouch for a source; False when somebody had already."""
    table = tables.label_approvals
    with writing(control).begin() as connection:
        known = select(table.c.source).where(table.c.model == model, table.c.source == source)
        if connection.execute(known).scalar() is not None:
            return False
        connection.execute(insert(table).values(model=model, source=source, who=who, why=why, at=at))
        return True
