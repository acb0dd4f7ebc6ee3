"""How far each source of alerts was read: the ledger by its numbers, the moves of each model by their generations."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.store import control as tables
from pipeline.store.control import alert_cursors as table
from pipeline.store.engine import writing

LEDGER = "ledger"
# At the very first start: what is older than this was seen by other means.
FIRST_LOOK_BACK = timedelta(hours=24)


def ledger_position(control: Engine, now: datetime) -> int:
    """The number of the last entry that was read."""
    rows = tables.ledger
    old = select(func.max(rows.c.seq)).where(rows.c.at < now - FIRST_LOOK_BACK)
    return _position(control, LEDGER, lambda connection: connection.execute(old).scalar() or 0)


def move_position(control: Engine, model: str, now: datetime) -> int:
    """The generation of the last move that was read."""
    rows = tables.promotions
    old = select(func.max(rows.c.generation)).where(rows.c.model == model, rows.c.at < now - FIRST_LOOK_BACK)
    return _position(control, moves_of(model), lambda connection: connection.execute(old).scalar() or 0)


def moves_of(model: str) -> str:
    return f"moves:{model}"


def advance(connection: Connection, source: str, seen: int, position: int) -> bool:
    """Move a cursor within the caller's transaction. False when somebody else has moved it meanwhile."""
    mine = update(table).where(table.c.source == source, table.c.position == seen)
    return connection.execute(mine.values(position=position)).rowcount == 1


def _position(control: Engine, source: str, first: Callable[[Connection], int]) -> int:
    query = select(table.c.position).where(table.c.source == source)
    with control.connect() as connection:
        known: int | None = connection.execute(query).scalar()
    if known is not None:
        return known
    try:
        with writing(control).begin() as connection:
            connection.execute(insert(table).values(source=source, position=first(connection)))
    except IntegrityError:
        pass  # another agent began at the same moment
    with control.connect() as connection:
        begun: int = connection.execute(query).scalar_one()
        return begun
