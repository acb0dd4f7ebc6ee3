"""Keeps in the store what conversations have taken, so that all agents on it share the limit of a day."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Engine, delete, func, insert, select

from agent.record.usage import Usage
from pipeline.durations import DAY
from pipeline.store.control import llm_spending as table
from pipeline.store.engine import writing

# A limit asks for one day; the other is for hosts whose clocks differ.
KEPT = 2 * DAY


def note_spent(control: Engine, conversation: str, at: datetime, usage: Usage) -> None:
    """Add what one question took, and drop what no limit asks for any more. Raises what the database raises."""
    with writing(control).begin() as connection:
        connection.execute(insert(table).values(conversation=conversation, at=at, **asdict(usage)))
        connection.execute(delete(table).where(table.c.at < at - KEPT))


def spent_since(control: Engine, at: datetime) -> Usage:
    """What the conversations of all agents have taken since then, at most so far back as it is kept."""
    sums = [func.coalesce(func.sum(column), 0) for column in (table.c.calls, table.c.tokens, table.c.usd)]
    with control.connect() as connection:
        calls, tokens, usd = connection.execute(select(*sums).where(table.c.at >= at)).one()
    return Usage(calls=int(calls), tokens=int(tokens), usd=float(usd))
