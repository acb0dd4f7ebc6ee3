"""Data that was announced: queued before the answer, looked at once, whatever happens to the process meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import ColumnElement, Engine, Row, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.store.control import data_events as table
from pipeline.store.engine import writing

MOST_ATTEMPTS = 10
FIRST_PAUSE = timedelta(seconds=5)
# One look answers for so many events of a model; the rest wait for the next.
LOOKED_AT = 1_000


class EventState(StrEnum):
    QUEUED = "queued"
    HANDLED = "handled"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, kw_only=True)
class DataEvent:
    """Data of a model arrived at a source. `decision_id` is of the look that was made because of it.

    `retry_at` is set where a look failed: it is not tried again before then.
    """

    event: str
    model: str
    source: str
    rows: int | None
    state: EventState
    attempts: int
    received_at: datetime
    handled_at: datetime | None
    decision_id: str | None
    last_error: str | None
    retry_at: datetime | None


def announce(
    control: Engine, *, model: str, source: str, rows: int | None, event_id: str | None, now: datetime
) -> tuple[DataEvent, bool]:
    """Queue an event; whether it is new. The same id of the same model again changes nothing."""
    key = f"{model}:{event_id or uuid4().hex}"
    values = {"event_key": key, "model": model, "source": source, "rows": rows, "state": EventState.QUEUED.value}
    try:
        with writing(control).begin() as connection:
            connection.execute(insert(table).values(**values, attempts=0, received_at=now))
        new = True
    except IntegrityError:
        new = False
    with control.connect() as connection:
        row = connection.execute(select(table).where(table.c.event_key == key)).one()
    return _event(row), new


def waiting(control: Engine, now: datetime) -> dict[str, tuple[int, ...]]:
    """What waits to be looked at now, by model: the places of its events, those that pause left out."""
    turn = func.row_number().over(partition_by=table.c.model, order_by=table.c.seq).label("turn")
    due = or_(table.c.retry_at.is_(None), table.c.retry_at <= now)
    mine = select(table.c.model, table.c.seq, turn).where(table.c.state == EventState.QUEUED.value, due).subquery()
    query = select(mine.c.model, mine.c.seq).where(mine.c.turn <= LOOKED_AT).order_by(mine.c.seq)
    found: dict[str, list[int]] = {}
    with control.connect() as connection:
        for model, place in connection.execute(query):
            found.setdefault(model, []).append(place)
    return {model: tuple(places) for model, places in found.items()}


def pause_after(attempts: int) -> timedelta:
    """How long an event is left alone after so many looks that failed."""
    pause: timedelta = FIRST_PAUSE * 2**attempts
    return pause


def handled(control: Engine, places: Sequence[int], decision_id: str, now: datetime) -> None:
    """One look answers for all events that had come before it; what another agent's look answered for stays so."""
    values = {"state": EventState.HANDLED.value, "handled_at": now, "decision_id": decision_id}
    values |= {"last_error": None, "retry_at": None}
    with writing(control).begin() as connection:
        connection.execute(update(table).where(*_queued(places)).values(**values))


def failed(control: Engine, places: Sequence[int], error: str, now: datetime) -> None:
    """Note a look that failed at `now`; each pause is longer, and after the last attempt an event is given up."""
    mine = _queued(places)
    ended = {"state": EventState.GIVEN_UP.value, "handled_at": now, "retry_at": None}
    with writing(control).begin() as connection:
        known = connection.scalars(select(table.c.attempts).where(*mine).distinct()).all()
        # From the most attempts down: an event that was counted up is not met again.
        for before in sorted(known, reverse=True):
            values = {"attempts": before + 1, "last_error": error[:200], "retry_at": now + pause_after(before + 1)}
            connection.execute(update(table).where(*mine, table.c.attempts == before).values(**values))
        connection.execute(update(table).where(*mine, table.c.attempts >= MOST_ATTEMPTS).values(**ended))


def _queued(places: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    return table.c.seq.in_(places), table.c.state == EventState.QUEUED.value


def counts(control: Engine) -> dict[str, int]:
    """How many events there are by state."""
    with control.connect() as connection:
        return {
            row[0]: row[1] for row in connection.execute(select(table.c.state, func.count()).group_by(table.c.state))
        }


def events(control: Engine, limit: int = 50) -> list[DataEvent]:
    """The newest events, newest first."""
    with control.connect() as connection:
        return [_event(row) for row in connection.execute(select(table).order_by(table.c.seq.desc()).limit(limit))]


def _event(row: Row[tuple[object, ...]]) -> DataEvent:
    return DataEvent(
        event=row.event_key.partition(":")[2],
        model=row.model,
        source=row.source,
        rows=row.rows,
        state=EventState(row.state),
        attempts=row.attempts,
        received_at=row.received_at,
        handled_at=row.handled_at,
        decision_id=row.decision_id,
        last_error=row.last_error,
        retry_at=row.retry_at,
    )
